// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

#include <gtest/gtest.h>

#include <fstream>
#include <ostream>
#include <sstream>

namespace sluice {
namespace {

using namespace std::chrono_literals;

TEST(Settings, AnEmptyFileIsTheDefaults) {
  for (const char* text : {"", "# nothing\n", "---\n"}) {
    const auto loaded = parse_settings("s.yaml", text);
    ASSERT_TRUE(loaded.settings) << text;
    EXPECT_EQ(loaded.settings->control.socket, "/run/sluice/control.sock");
    EXPECT_EQ(loaded.settings->ring_bytes, 64U << 20U);
    EXPECT_FALSE(loaded.settings->mode);
  }
}

TEST(Settings, ReadsEveryKey) {
  const auto loaded = parse_settings("s.yaml", R"(
policy: [/etc/a.yaml, /etc/b.d]
mode: enforce
cgroup: /sys/fs/cgroup/system.slice
findings:
  file: [/var/log/sluice/findings.jsonl, '-']
  terminal: false
  journald: true
control: {socket: /run/x.sock, group: security}
state: /var/lib/x
loopback: watch
ring_bytes: 128 MiB
max_flows: 1000
heartbeat_timeout: 2s
log_level: debug
)");
  ASSERT_TRUE(loaded.settings) << (loaded.diagnostics.empty() ? "" : loaded.diagnostics[0].to_string());
  const Settings& settings = *loaded.settings;
  EXPECT_EQ(settings.policies, (std::vector<std::string>{"/etc/a.yaml", "/etc/b.d"}));
  EXPECT_EQ(settings.mode, Mode::enforce);
  EXPECT_EQ(settings.cgroup, "/sys/fs/cgroup/system.slice");
  EXPECT_EQ(settings.findings.files, (std::vector<std::string>{"/var/log/sluice/findings.jsonl", "-"}));
  EXPECT_EQ(settings.findings.terminal, TerminalFindings::no);
  EXPECT_TRUE(settings.findings.journald);
  EXPECT_EQ(settings.control.socket, "/run/x.sock");
  EXPECT_EQ(settings.control.group, "security");
  EXPECT_EQ(settings.state, "/var/lib/x");
  EXPECT_EQ(settings.loopback, Loopback::watch);
  EXPECT_EQ(settings.ring_bytes, 128U << 20U);
  EXPECT_EQ(settings.max_flows, 1000U);
  EXPECT_EQ(settings.heartbeat_timeout, 2000ms);
  EXPECT_EQ(settings.log_level, LogLevel::debug);
}

struct Mistake {
  const char* name;
  const char* text;
  const char* told;  // part of the diagnostic
};
void PrintTo(const Mistake& tested, std::ostream* out) { *out << tested.name; }
class Mistakes : public testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, AreToldWithTheirPlace) {
  const auto loaded = parse_settings("s.yaml", GetParam().text);
  EXPECT_FALSE(loaded.settings);
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_NE(loaded.diagnostics[0].to_string().find(GetParam().told), std::string::npos)
      << loaded.diagnostics[0].to_string();
}

INSTANTIATE_TEST_SUITE_P(
    Settings, Mistakes,
    testing::Values(
        Mistake{"unknown_key", "mode: observe\nloopbak: watch",
                "s.yaml:2:1: unknown key 'loopbak' in the settings; did you mean 'loopback'?"},
        Mistake{"unknown_inner_key", "control:\n  sokcet: /x",
                "s.yaml:2:3: unknown key 'sokcet' in control; did you mean 'socket'?"},
        Mistake{"unknown_mode", "mode: enforced",
                "s.yaml:1:7: unknown mode 'enforced'; did you mean 'enforce'?"},
        Mistake{"mode_is_a_list", "mode: [observe]", "s.yaml:1:7: 'mode' takes one value"},
        Mistake{"mode_is_empty", "mode:", "'mode' takes one value"},
        Mistake{"relative_path", "state: var", "s.yaml:1:8: 'state' must be an absolute path"},
        Mistake{"relative_policy", "policy: [/a, b]", "s.yaml:1:14: 'policy' must be an absolute path"},
        Mistake{"empty_list", "policy: []", "s.yaml:1:9: 'policy' is an empty list"},
        Mistake{"dash_as_policy", "policy: '-'", "must be an absolute path"},
        Mistake{"ring_too_small", "ring_bytes: 4096", "'4096' does not fit 'ring_bytes'"},
        Mistake{"ring_no_power_of_two", "ring_bytes: 100 MiB", "power of two"},
        Mistake{"ring_negative", "ring_bytes: -1", "does not fit"},
        Mistake{"ring_overflow", "ring_bytes: 99999999999999999999", "does not fit"},
        Mistake{"ring_product_overflow", "ring_bytes: 18446744073709551615 GiB", "does not fit"},
        Mistake{"bad_unit", "ring_bytes: 64 MB", "does not fit"},
        Mistake{"time_without_unit", "heartbeat_timeout: 5", "like 5 s"},
        Mistake{"flows_too_many", "max_flows: 5000000", "does not fit 'max_flows'"},
        Mistake{"loopback_bool", "loopback: yes", "unknown loopback 'yes'"},
        Mistake{"journald_word", "findings: {journald: maybe}", "s.yaml:1:22: unknown journald 'maybe'"},
        Mistake{"findings_no_map", "findings: /x", "findings must be a map"},
        Mistake{"twice", "state: /a\nstate: /b", "s.yaml:2:1: key 'state' stands twice"},
        Mistake{"list_at_top", "- a", "the settings must be a map"},
        Mistake{"no_yaml", "mode: [observe", "s.yaml:"},
        Mistake{"policy_key_in_the_wrong_file", "violations: {default: block}", "unknown key 'violations'"}),
    [](const auto& tested) { return tested.param.name; });

TEST(Settings, AllMistakesAreToldAtOnce) {
  EXPECT_EQ(parse_settings("s.yaml", "mode: x\nstate: y\nring_bytes: z\nwhat: 1").diagnostics.size(), 4U);
}

TEST(Settings, ATextOfMoreThanAMebibyteIsRefused) {
  EXPECT_FALSE(parse_settings("s.yaml", std::string((1U << 20U) + 1, '#')).settings);
}

TEST(Settings, AMissingFileIsAnErrorOnlyIfItWasNamed) {
  const auto loaded = load_settings("/nonexistent/s.yaml");
  EXPECT_FALSE(loaded.settings);
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_NE(loaded.diagnostics[0].to_string().find("No such file"), std::string::npos);
}

TEST(Settings, ADirectoryIsNoSettingsFile) { EXPECT_FALSE(load_settings("/tmp").settings); }

TEST(Settings, ThePackagedFileIsValidAndSaysTheDefaults) {
  const auto loaded = load_settings(SLUICE_SOURCE_DIR "/packaging/sluiced.yaml");
  ASSERT_TRUE(loaded.settings) << (loaded.diagnostics.empty() ? "" : loaded.diagnostics[0].to_string());
  const Settings defaults;
  EXPECT_EQ(loaded.settings->policies, defaults.policies);
  EXPECT_EQ(loaded.settings->control.socket, defaults.control.socket);
  EXPECT_EQ(loaded.settings->control.group, defaults.control.group);
  EXPECT_EQ(loaded.settings->state, defaults.state);
  EXPECT_EQ(loaded.settings->ring_bytes, defaults.ring_bytes);
  EXPECT_EQ(loaded.settings->max_flows, defaults.max_flows);
  EXPECT_EQ(loaded.settings->heartbeat_timeout, defaults.heartbeat_timeout);
}

}  // namespace
}  // namespace sluice
