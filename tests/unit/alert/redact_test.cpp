// SPDX-License-Identifier: Apache-2.0
#include "alert/redact.h"

#include <gtest/gtest.h>

#include <ostream>

namespace sluice::alert {
namespace {

struct Case {
  const char* name;
  std::string in;
  std::string out;
};
void PrintTo(const Case& tested, std::ostream* out) { *out << tested.name; }

class RedactArgs : public testing::TestWithParam<Case> {};

TEST_P(RedactArgs, MasksWhatCouldBeCustomerData) { EXPECT_EQ(redact_args(GetParam().in), GetParam().out); }

INSTANTIATE_TEST_SUITE_P(
    Args, RedactArgs,
    testing::Values(Case{"nothing", "", ""}, Case{"harmless", "ls -la /tmp", "ls -la /tmp"},
                    Case{"card", "curl -d card=4111111111111111", "curl -d card=****************"},
                    Case{"card_in_groups", "echo 4111 1111 1111 1111 x", "echo **** **** **** **** x"},
                    Case{"card_url_encoded", "card=4111%201111%201111%201111",
                         "card=****%******%******%******"},
                    Case{"double_separators", "4111, 1111, 1111, 1111", "****, ****, ****, ****"},
                    Case{"ssn", "078-05-1120", "***-**-****"},
                    Case{"iban", "DE89370400440532013000", "DE********************"},
                    Case{"five_digits_stay", "--port 65535 x", "--port 65535 x"},
                    Case{"six_digits_go", "pin=123456", "pin=******"},
                    Case{"letters_end_a_run", "a123b456c", "a123b456c"},
                    Case{"email", "mail -s hi alice@example.com now", "mail -s hi *** now"},
                    Case{"email_url_encoded", "q=alice%40example.com&x", "***"},
                    Case{"broken_utf8_does_not_hide",
                         "4111\xff"
                         "111111111111",
                         "****\xef\xbf\xbd************"},
                    Case{"terminal_escape", "a\x1b[31mb\n", "a?[31mb?"},
                    Case{"c1_control",
                         "a\xc2\x9b"
                         "b",
                         "a?b"},
                    Case{"good_utf8_stays",
                         "gr\xc3\xbc\xc3\x9f"
                         "e",
                         "gr\xc3\xbc\xc3\x9f"
                         "e"},
                    Case{"overlong_utf8", "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
                    Case{"cut_utf8", "x\xe2\x82", "x\xef\xbf\xbd\xef\xbf\xbd"}),
    [](const auto& tested) { return tested.param.name; });

TEST(RedactName, KeepsPathsAndUnitsButNoCustomerNumbers) {
  EXPECT_EQ(redact_name("/usr/lib/app-20231124/bin/x"), "/usr/lib/app-20231124/bin/x");
  EXPECT_EQ(redact_name("/usr/lib/node_modules/@scope/x"), "/usr/lib/node_modules/@scope/x");
  EXPECT_EQ(redact_name("4111111111111111.evil.example"), "****************.evil.example");
  EXPECT_EQ(redact_name("4111.1111.1111.1111.evil.example"), "****.****.****.****.evil.example");
  EXPECT_EQ(redact_name("to 203.0.113.9:44321, then [2001:db8::1234:5678:9012]:443."),
            "to 203.0.113.9:44321, then [2001:db8::1234:5678:9012]:443.");
  EXPECT_EQ(redact_name("078-05-1120.evil.example"), "***-**-****.evil.example");
}

}  // namespace
}  // namespace sluice::alert
