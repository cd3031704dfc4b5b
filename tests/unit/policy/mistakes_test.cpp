// SPDX-License-Identifier: Apache-2.0
// Each kind of mistake, and the exact line its writer reads.
#include <gtest/gtest.h>

#include "vocabulary.h"

namespace sluice::policy {
namespace {

/// A policy without a mistake; cases append to it or replace it.
const std::string kBase =
    "version: 1\n"
    "data:\n"
    "  card: {detector: payment_card}\n"
    "senders:\n"
    "  shop: {exe: /usr/bin/shop}\n"
    "destinations:\n"
    "  bank: {network: 192.0.2.0/24}\n"
    "flows:\n"
    "  - {name: pay, data: card, from: shop, to: bank}\n";

struct Case {
  const char* name;
  std::string text;
  std::vector<std::string> told;  // without "policy.yaml:"
};

class MistakeTest : public testing::TestWithParam<Case> {};

TEST_P(MistakeTest, is_told_with_its_place) {
  const LoadedPolicy loaded = load(GetParam().text);
  std::vector<std::string> told = lines(loaded);
  for (std::string& line : told) line.erase(0, std::string{"policy.yaml:"}.size());
  EXPECT_EQ(told, GetParam().told);
  const bool warnings_only = std::ranges::all_of(
      loaded.diagnostics, [](const Diagnostic& d) { return d.severity == Severity::warning; });
  EXPECT_EQ(loaded.policy != nullptr, warnings_only);
}

std::string named(const testing::TestParamInfo<Case>& tested) { return tested.param.name; }

TEST(Mistake, the_base_of_the_cases_has_none) { EXPECT_EQ(joined(load(kBase)), ""); }

INSTANTIATE_TEST_SUITE_P(
    Files, MistakeTest,
    testing::Values(
        Case{"empty_file", "", {" empty policy file; the least is 'version: 1'"}},
        Case{"only_a_comment", "# nothing\n", {" empty policy file; the least is 'version: 1'"}},
        Case{"no_version", "mode: observe\n", {"1:1: no 'version'; a policy file begins with 'version: 1'"}},
        Case{"unsupported_version",
             "version: 2\ndata: {c: {words: x}}\n",
             {"1:10: unsupported version '2'; this Sluice reads version 1"}},
        Case{"not_a_mapping", "- version\n", {"1:1: a policy must be a mapping, not a list"}},
        Case{"second_document", kBase + "---\nversion: 1\n", {"10:1: a policy file is one YAML document"}},
        Case{"indented_less",
             "  version: 1\n mode: observe\n",
             {"2:2: this line is indented less than what it continues"}},
        Case{"tab_in_indentation",
             "version: 1\ndata:\n\tcard: {detector: payment_card}\n",
             {"3:1: a tab in the indentation; YAML takes spaces only"}},
        Case{"tab_later",
             "version: 1\ndata:\n  card: {detector: email}\n\tmail: {detector: email}\n",
             {"4:1: a tab in the indentation; YAML takes spaces only"}},
        Case{"bracket_never_closed",
             kBase + "tests: [\n",
             {"10:8: what opens here is never closed, or a comma is missing in it"}},
        Case{"quote_never_closed",
             kBase + "mode: \"observe\n",
             {"10:7: the quote that opens here is never closed"}},
        Case{"colon_in_plain_text",
             "version: 1\ndata: a: b\n",
             {"2:8: bad YAML: a ':' where no key can be; quote text that contains ': ', and check the "
              "indentation"}},
        Case{"unquoted_star",
             "version: 1\nsenders: {n: {args: *nightly*}}\n",
             {"2:21: '*nightly*' is read as a YAML alias; quote text that begins with *"}},
        Case{"unquoted_at",
             "version: 1\ndata: {a: {words: @x}}\n",
             {"2:19: no YAML value begins with '@'; quote it"}},
        Case{"anchor",
             "version: 1\ndata: &x {a: {words: y}}\n",
             {"2:7: anchors are not supported; if '&x' is meant as text, quote it"}},
        Case{"tag",
             "version: 1\ndata: !!map {}\n",
             {"2:7: tags are not supported; if 'tag:yaml.org,2002:map' is meant as text, quote it"}},
        Case{"nested_too_deep", "version: 1\ndata: " + std::string(40, '['), {"2:23: nested deeper than 32"}},
        Case{"not_utf8", "version: 1\nmode: \xff\n", {"2:7: byte 0xff is not UTF-8"}},
        Case{"control_character", "version: 1\nmode: \x04\n", {"2:7: control character 0x04"}},
        Case{"duplicate_key",
             kBase + "mode: observe\nmode: enforce\n",
             {"11:1: duplicate key 'mode'; it already stands in line 10"}},
        Case{"duplicate_class_in_a_file",
             "version: 1\ndata:\n  card: {detector: email}\n  card: {detector: iban}\n",
             {"4:3: duplicate key 'card'; it already stands in line 3"}},
        Case{"key_that_is_a_list", "version: 1\ndata: {? [a] : b}\n", {"2:10: a key must be a word"}}),
    named);

INSTANTIATE_TEST_SUITE_P(
    Keys, MistakeTest,
    testing::Values(
        Case{"top_level",
             kBase + "mod: observe\n",
             {"10:1: unknown key 'mod' in a policy; did you mean 'mode'?"}},
        Case{"top_level_later",
             kBase + "suppress: []\n",
             {"10:1: 'suppress' (suppressions) is not available in this version"}},
        Case{"data",
             "version: 1\ndata: {c: {detectr: email}}\n",
             {"2:12: unknown key 'detectr' in data class 'c'; did you mean 'detector'?"}},
        Case{"data_later",
             "version: 1\ndata: {c: {exact: customers.edm, columns: [email]}}\n",
             {"2:12: 'exact' (exact data match) is not available in this version",
              "2:34: 'columns' (exact data match) is not available in this version"}},
        Case{"sender",
             "version: 1\nsenders: {s: {path: /bin/x}}\n",
             {"2:15: unknown key 'path' in sender 's'; did you mean 'exe'?"}},
        Case{"sender_later",
             "version: 1\nsenders: {s: {parent: /bin/x}}\n",
             {"2:15: 'parent' (sender by parent process) is not available in this version"}},
        Case{"destination",
             "version: 1\ndestinations: {d: {cidr: 10.0.0.0/8}}\n",
             {"2:20: unknown key 'cidr' in destination 'd'; did you mean 'network'?"}},
        Case{"destination_later",
             "version: 1\ndestinations: {d: {country: [DE]}}\n",
             {"2:20: 'country' (destination by country) is not available in this version"}},
        Case{"flow",
             kBase + "  - {name: more, dta: card}\n",
             {"10:18: unknown key 'dta' in flow 'more'; did you mean 'data'?"}},
        Case{"flow_later",
             kBase + "  - {name: more, data: card, limit: 10}\n",
             {"10:30: 'limit' (volume limits) is not available in this version"}},
        Case{"connection",
             kBase + "connections: [{name: no, deny: bank, dny: bank}]\n",
             {"10:38: unknown key 'dny' in connection rule 'no'; did you mean 'deny'?"}},
        Case{"failure",
             kBase + "failure: {deamon: open}\n",
             {"10:11: unknown key 'deamon' in failure; did you mean 'daemon'?"}},
        Case{"test",
             kBase + "tests: [{sent: a, send: b, expect: allow}]\n",
             {"10:10: unknown key 'sent' in a test; did you mean 'send'?"}},
        Case{"test_from",
             kBase + "tests: [{from: {binary: /a}, send: b, expect: allow}]\n",
             {"10:17: unknown key 'binary' in 'from' of a test; did you mean 'exe'?"}},
        Case{"test_to",
             kBase + "tests: [{to: {host: a}, send: b, expect: allow}]\n",
             {"10:15: unknown key 'host' in 'to' of a test; did you mean 'name'?"}},
        Case{"nothing_near",
             kBase + "failure: {weather: open}\n",
             {"10:11: unknown key 'weather' in failure; known: daemon, overload, opaque or hold_limit"}},
        Case{"no_value", kBase + "mode:\n", {"10:1: 'mode' has no value"}},
        Case{"no_value_within", "version: 1\ndata: {c: {detector: }}\n", {"2:12: 'detector' has no value"}}),
    named);

INSTANTIATE_TEST_SUITE_P(
    Data, MistakeTest,
    testing::Values(
        Case{"unknown_detector",
             "version: 1\ndata: {card: {detector: credit_crad}}\n",
             {"2:25: unknown detector 'credit_crad'; did you mean 'payment_card'?"}},
        Case{"unknown_detector_in_a_list",
             "version: 1\ndata:\n  c:\n    detector: [email, telefone]\n",
             {"4:23: unknown detector 'telefone'; did you mean 'phone'?"}},
        Case{"nothing_like_that_detector",
             "version: 1\ndata: {c: {detector: weather}}\n",
             {"2:22: unknown detector 'weather'; `sluice detectors` lists them"}},
        Case{"unknown_check",
             "version: 1\ndata: {c: {pattern: 'A[0-9]{9}', check: luhm}}\n",
             {"2:41: unknown check 'luhm'; did you mean 'luhn'?"}},
        Case{"check_without_pattern",
             "version: 1\ndata: {c: {detector: email, check: luhn}}\n",
             {"2:36: 'check' without 'pattern'; detectors have a check of their own"}},
        Case{"near_without_pattern",
             "version: 1\ndata: {c: {words: [a], near: [b]}}\n",
             {"2:30: 'near' without 'pattern'; detectors have a check of their own"}},
        Case{"pattern_that_does_not_compile",
             "version: 1\ndata: {c: {pattern: ['a+', '(b']}}\n",
             {"2:28: pattern cannot be used: missing closing parenthesis"}},
        Case{"nothing_to_find",
             "version: 1\ndata: {c: {at_least: 3}}\n",
             {"2:8: data class 'c' has neither detector, pattern nor words: it would find nothing"}},
        Case{"at_least_zero",
             "version: 1\ndata: {c: {detector: email, at_least: 0}}\n",
             {"2:39: bad at_least '0'; it is a whole number from 1 to 1000000"}},
        Case{"at_least_no_number",
             "version: 1\ndata: {c: {detector: email, at_least: many}}\n",
             {"2:39: bad at_least 'many'; it is a whole number from 1 to 1000000"}},
        Case{"odd_name",
             "version: 1\ndata: {'ca rd': {detector: email}}\n",
             {"2:8: data class name 'ca rd' may hold only letters, digits, '-', '_' and '.'"}},
        Case{"reserved_name",
             "version: 1\ndata: {default: {detector: email}}\n",
             {"2:8: 'default' has a meaning of its own and cannot name a data class"}},
        Case{"long_name",
             "version: 1\ndata: {" + std::string(65, 'a') + ": {detector: email}}\n",
             {"2:8: the name of a data class is longer than 64 bytes"}},
        Case{"wrong_type", "version: 1\ndata: [card]\n", {"2:7: 'data' must be a mapping, not a list"}},
        Case{"class_of_wrong_type",
             "version: 1\ndata: {card: payment_card}\n",
             {"2:14: data class 'card' must be a mapping, not a single value"}},
        Case{"value_of_wrong_type",
             "version: 1\ndata: {c: {detector: {a: b}}}\n",
             {"2:22: detector must be a single value, not a mapping"}},
        Case{"empty_list", "version: 1\ndata: {c: {words: []}}\n", {"2:19: words is an empty list"}},
        Case{"empty_word", "version: 1\ndata: {c: {words: ['']}}\n", {"2:20: words is empty"}},
        Case{"detector_twice",
             "version: 1\ndata: {c: {detector: [email, email]}}\n",
             {"2:30: warning: detector 'email' is listed twice"}}),
    named);

INSTANTIATE_TEST_SUITE_P(
    Senders, MistakeTest,
    testing::Values(
        Case{
            "no_keys",
            "version: 1\nsenders: {s: {}}\n",
            {"2:11: sender 's' has no keys and would match every process; for that a flow says 'from: any'"}},
        Case{
            "relative_exe",
            "version: 1\ndata: {c: {words: a}}\nsenders: {s: {exe: curl}}\nflows: [{name: f, data: c, from: "
            "s}]\n",
            {"3:20: warning: exe 'curl' is no absolute path and matches no process; did you mean '*/curl'?"}},
        Case{"unit_without_type",
             "version: 1\ndata: {c: {words: a}}\nsenders: {s: {unit: shop}}\nflows: [{name: f, data: c, "
             "from: s}]\n",
             {"3:21: warning: unit 'shop' has no type and matches no unit; did you mean 'shop.service'?"}},
        Case{"relative_cgroup",
             "version: 1\ndata: {c: {words: a}}\nsenders: {s: {cgroup: user.slice}}\nflows: [{name: f, data: "
             "c, from: s}]\n",
             {"3:23: warning: cgroup 'user.slice' matches no cgroup; did you mean '/user.slice'?"}},
        Case{"unused",
             "version: 1\ndata: {c: {words: a}}\nsenders: {s: {user: etl}}\n",
             {"3:11: warning: sender 's' is used nowhere"}}),
    named);

INSTANTIATE_TEST_SUITE_P(
    Destinations, MistakeTest,
    testing::Values(
        Case{
            "no_keys",
            "version: 1\ndestinations: {d: {}}\n",
            {"2:16: destination 'd' has no keys and would match every peer; for that a flow says 'to: any'"}},
        Case{"host_bits",
             "version: 1\ndestinations: {d: {network: 10.1.2.3/8}}\n",
             {"2:29: network '10.1.2.3/8' has host bits set; did you mean '10.0.0.0/8'?"}},
        Case{"host_bits_v6",
             "version: 1\ndestinations: {d: {network: ['fd00::1/8']}}\n",
             {"2:30: network 'fd00::1/8' has host bits set; did you mean 'fd00::/8'?"}},
        Case{
            "bad_network",
            "version: 1\ndestinations: {d: {network: 10.0.0/8}}\n",
            {"2:29: bad network '10.0.0/8'; expected an address or a prefix such as 10.0.0.0/8 or fd00::/8"}},
        Case{"bad_prefix",
             "version: 1\ndestinations: {d: {network: 10.0.0.0/33}}\n",
             {"2:29: bad network '10.0.0.0/33'; expected an address or a prefix such as 10.0.0.0/8 or "
              "fd00::/8"}},
        Case{"bad_port",
             "version: 1\ndestinations: {d: {port: 70000}}\n",
             {"2:26: bad port '70000'; a port is a number from 1 to 65535 or a range such as 8000-8099"}},
        Case{"port_zero",
             "version: 1\ndestinations: {d: {port: 0}}\n",
             {"2:26: bad port '0'; a port is a number from 1 to 65535 or a range such as 8000-8099"}},
        Case{"port_name",
             "version: 1\ndestinations: {d: {port: https}}\n",
             {"2:26: bad port 'https'; a port is a number from 1 to 65535 or a range such as 8000-8099"}},
        Case{"bad_range",
             "version: 1\ndestinations: {d: {port: [80, 90-8x]}}\n",
             {"2:31: bad port range '90-8x'; a range is two ports from 1 to 65535, such as 8000-8099"}},
        Case{"range_backwards",
             "version: 1\ndestinations: {d: {port: 90-80}}\n",
             {"2:26: bad port range '90-80': it ends before it begins; did you mean '80-90'?"}},
        Case{"name_is_a_url",
             "version: 1\ndestinations: {d: {name: 'https://x.example'}}\n",
             {"2:26: bad name 'https://x.example'; a name is a host name without scheme, port or path"}},
        Case{"name_is_an_address",
             "version: 1\ndestinations: {d: {name: 192.0.2.1}}\n",
             {"2:26: '192.0.2.1' is an address, not a name; did you mean 'network: 192.0.2.1'?"}},
        Case{"name_matches_no_live_traffic",
             "version: 1\ndata: {c: {words: a}}\ndestinations: {d: {name: x.example}}\nflows: [{name: f, "
             "data: c, to: d}]\n",
             {"3:26: warning: destination 'd' has a name: names of live traffic are not learned in this "
              "version, so it matches in policy tests only"}},
        Case{"all_of_v6_holds_v4",
             "version: 1\ndata: {c: {words: a}}\ndestinations: {d: {network: '::/0'}}\nflows: [{name: f, "
             "data: c, to: d}]\n",
             {"3:29: warning: '::/0' holds every IPv4 address as well"}},
        Case{"unused",
             "version: 1\ndata: {c: {words: a}}\ndestinations: {d: {port: 25}}\n",
             {"3:16: warning: destination 'd' is used nowhere"}}),
    named);

INSTANTIATE_TEST_SUITE_P(
    Flows, MistakeTest,
    testing::Values(
        Case{"unknown_data_class",
             kBase + "  - {name: f, data: crad}\n",
             {"10:21: unknown data class 'crad'; did you mean 'card'?"}},
        Case{"unknown_sender",
             kBase + "  - {name: f, from: [shop, shpo]}\n",
             {"10:28: unknown sender 'shpo'; did you mean 'shop'?"}},
        Case{"unknown_destination",
             kBase + "  - {name: f, to: bonk}\n",
             {"10:19: unknown destination 'bonk'; did you mean 'bank'?"}},
        Case{"any_in_a_list",
             kBase + "  - {name: f, to: [bank, any]}\n",
             {"10:26: 'any' stands alone, not in a list"}},
        Case{
            "no_name", kBase + "  - {data: card, to: bank}\n", {"10:5: flow without a name; alerts name it"}},
        Case{"duplicate_name",
             kBase + "  - {name: pay, data: card}\n",
             {"10:12: flow 'pay' stands already at policy.yaml:9:12"}},
        Case{"encrypted_word",
             kBase + "  - {name: f, data: card, encrypted: requird}\n",
             {"10:38: unknown value of encrypted 'requird'; did you mean 'required'?"}},
        Case{"not_a_list", "version: 1\nflows: {name: f}\n", {"2:8: 'flows' must be a list, not a mapping"}},
        Case{"item_of_wrong_type",
             "version: 1\nflows: [allow]\n",
             {"2:9: a flow must be a mapping, not a single value"}},
        Case{"same_as_another",
             kBase + "  - {name: again, to: bank, from: shop, data: card}\n",
             {"10:5: warning: flow 'again' allows the same as flow 'pay' (policy.yaml:9:5)"}},
        Case{"covered_by_another",
             kBase + "  - {name: wider, data: card, to: bank}\n",
             {"9:5: warning: flow 'pay' allows nothing beyond flow 'wider' (policy.yaml:10:5)"}},
        Case{"allows_everything",
             kBase + "  - {name: all}\n",
             {"9:5: warning: flow 'pay' allows nothing beyond flow 'all' (policy.yaml:10:5)",
              "10:5: warning: flow 'all' allows everyone to send everything everywhere"}}),
    named);

INSTANTIATE_TEST_SUITE_P(
    Rules, MistakeTest,
    testing::Values(
        Case{"connection_to_a_name",
             "version: 1\ndestinations: {n: {name: x.example}}\nconnections: [{name: no, deny: n}]\n",
             {"2:26: warning: destination 'n' has a name: names of live traffic are not learned in this "
              "version, so it matches in policy tests only",
              "3:32: destination 'n' cannot be denied at connect: it has a name, and the kernel knows only "
              "addresses and ports then"}},
        Case{"connection_without_deny",
             kBase + "connections: [{name: no}]\n",
             {"10:15: connection rule 'no' has no 'deny': it would do nothing"}},
        Case{"connection_denies_any",
             kBase + "connections: [{name: no, deny: any}]\n",
             {"10:32: 'any' is no destination"}},
        Case{"too_many_port_ranges",
             "version: 1\ndestinations: {d: {network: 192.0.2.0/24, port: [1, 3, 5, 7, 9, 11, 13, 15, "
             "17]}}\nconnections: [{name: no, deny: d}]\n",
             {"3:15: too many port ranges: 9 apart for 192.0.2.0/24, counting those of the networks around "
              "it; the kernel's table holds 8"}},
        Case{"violation_of_an_unknown_class",
             kBase + "violations: {crad: block}\n",
             {"10:14: unknown data class 'crad' in violations; did you mean 'card'?"}},
        Case{"bad_verdict",
             kBase + "violations: {card: blok}\n",
             {"10:20: unknown verdict 'blok'; did you mean 'block'?"}},
        Case{"would_block_is_no_setting",
             kBase + "violations: {card: deny}\n",
             {"10:20: unknown verdict 'deny'; did you mean 'block'?"}},
        Case{"bad_mode",
             kBase + "mode: enforcing\n",
             {"10:7: unknown mode 'enforcing'; did you mean 'enforce'?"}},
        Case{"bad_direction",
             kBase + "failure: {daemon: shut}\n",
             {"10:19: unknown direction 'shut'; expected open or closed"}},
        Case{"bad_duration",
             kBase + "failure: {hold_limit: 2}\n",
             {"10:23: bad duration '2'; expected a number with ms, s or m, such as 500ms or 2s"}},
        Case{"duration_too_long",
             kBase + "failure: {hold_limit: 2m}\n",
             {"10:23: hold_limit 2m is out of range; it is 10ms to 60s"}},
        Case{"duration_too_short",
             kBase + "failure: {hold_limit: 9ms}\n",
             {"10:23: hold_limit 9ms is out of range; it is 10ms to 60s"}}),
    named);

INSTANTIATE_TEST_SUITE_P(
    Tests, MistakeTest,
    testing::Values(
        Case{"without_send", kBase + "tests: [{expect: allow}]\n", {"10:9: test without 'send'"}},
        Case{"without_expect", kBase + "tests: [{send: a}]\n", {"10:9: test without 'expect'"}},
        Case{"finds_an_unknown_class",
             kBase + "tests: [{send: a, expect: alert, finds: [crad]}]\n",
             {"10:42: unknown data class 'crad'; did you mean 'card'?"}},
        Case{"bad_address",
             kBase + "tests: [{send: a, expect: alert, to: {address: 1.2.3}}]\n",
             {"10:48: bad address '1.2.3'; expected one such as 203.0.113.9 or 2001:db8::9"}},
        Case{"bad_port",
             kBase + "tests: [{send: a, expect: alert, to: {port: 99999}}]\n",
             {"10:45: bad port '99999'; it is a whole number from 1 to 65535"}},
        Case{"encrypted_is_no_word",
             kBase + "tests: [{send: a, expect: alert, encrypted: yes}]\n",
             {"10:45: unknown value of encrypted 'yes'; expected false or true"}},
        Case{"not_a_list", kBase + "tests: {send: a}\n", {"10:8: 'tests' must be a list, not a mapping"}}),
    named);

}  // namespace
}  // namespace sluice::policy
