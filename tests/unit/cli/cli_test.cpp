// SPDX-License-Identifier: Apache-2.0
// The commands that need no daemon: outputs, exit codes, and that no raw value is ever printed.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "command.h"

namespace sluice {
namespace {

using nlohmann::json;
using Cli = test::Command;

constexpr const char* kCard = "4111111111111111";

constexpr const char* kPolicy = R"(version: 1
mode: observe
data: {card: {detector: payment_card}}
senders: {checkout: {unit: checkout.service}}
destinations: {stripe: {name: '*.stripe.com', port: 443}}
flows:
  - {name: charge-cards, data: card, from: checkout, to: stripe, encrypted: required}
violations: {card: block, default: alert}
tests:
  - {name: checkout charges a card, from: {unit: checkout.service}, to: {name: api.stripe.com, port: 443},
     send: 'card=4111 1111 1111 1111', expect: allow, finds: [card]}
  - {name: a card to a paste site, from: {exe: /usr/bin/curl}, to: {name: paste.example, port: 443},
     send: 'card=4111 1111 1111 1111', expect: block, finds: [card]}
)";

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(Cli, ScanFindsACardAndShowsItMasked) {
  const auto ran = sluice("scan " + write("f", std::string{"card="} + kCard + " ok\n"));
  EXPECT_EQ(ran.code, 1) << ran.err;
  EXPECT_TRUE(has(ran.out, "/f:5: payment_card payment_card ")) << ran.out;
  EXPECT_TRUE(has(ran.out, "1111"));
  EXPECT_FALSE(has(ran.out + ran.err, kCard));
  EXPECT_TRUE(has(ran.err, "1 match, 1 distinct value"));
}

TEST_F(Cli, ScanGoesDownTheFile) {
  const auto ran =
      sluice("scan " + write("f", "ssn: 536-90-4399, mail ada@example.org, card 4111111111111111"));
  const std::size_t ssn = ran.out.find("/f:5: us_ssn"), mail = ran.out.find("/f:23: email");
  ASSERT_NE(mail, std::string::npos) << ran.out;
  EXPECT_LT(ssn, mail) << ran.out;
  EXPECT_LT(mail, ran.out.find("payment_card")) << ran.out;
}

TEST_F(Cli, ScanOfACleanFileEndsWithZeroAndPrintsNothing) {
  const auto ran = sluice("scan " + write("f", "order 1234567812345678 shipped\n"));
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_EQ(ran.out, "");
}

TEST_F(Cli, ScanReadsStandardInput) {
  const auto ran = sluice("scan - <" + write("f", kCard));
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(has(ran.out, "-:0: payment_card"));
}

/// Pieces are 64 KiB: a card on the boundary is in neither of them.
TEST_F(Cli, ScanFindsAValueThatLiesAcrossTwoPieces) {
  std::string text(65'528, 'x');
  text.back() = ' ';
  const auto ran = sluice("scan --json " + write("f", text + kCard + " y"));
  ASSERT_EQ(ran.code, 1) << ran.err;
  EXPECT_EQ(json::parse(ran.out)["offset"], 65'528);
  EXPECT_FALSE(has(ran.out, kCard));
}

TEST_F(Cli, ScanCountsDistinctValues) {
  const auto ran = sluice("scan " + write("f", "4111111111111111 4111-1111-1111-1111 5555555555554444\n"));
  EXPECT_TRUE(has(ran.err, "3 matches, 2 distinct values")) << ran.err;
}

TEST_F(Cli, ScanWithAPolicyLooksForItsDataClassesOnly) {
  const auto ran = sluice("scan --policy " + write("p.yaml", kPolicy) + ' ' +
                          write("f", std::string{"alice@example.com "} + kCard));
  EXPECT_EQ(ran.code, 1) << ran.err;
  EXPECT_TRUE(has(ran.out, "card payment_card"));
  EXPECT_FALSE(has(ran.out, "email"));
}

TEST_F(Cli, ScanOfWhatCannotBeReadEndsWithTwoAndScansTheRest) {
  const auto ran = sluice("scan " + dir_ + "/missing " + dir_ + ' ' + write("f", kCard));
  EXPECT_EQ(ran.code, 2);
  EXPECT_TRUE(has(ran.err, "No such file"));
  EXPECT_TRUE(has(ran.err, "Is a directory"));
  EXPECT_TRUE(has(ran.out, "payment_card"));
}

TEST_F(Cli, DetectorsNamesTheCatalogue) {
  const auto ran = sluice("detectors --json");
  EXPECT_EQ(ran.code, 0);
  std::vector<std::string> names;
  for (const json& entry : json::parse(ran.out)) names.push_back(entry["name"]);
  for (const char* name : {"payment_card", "email", "us_ssn", "iban", "phone"})
    EXPECT_NE(std::ranges::find(names, name), names.end()) << name;
  EXPECT_TRUE(has(sluice("detectors").out, "payment_card"));
}

TEST_F(Cli, PolicyCheckOfAGoodFile) {
  const auto ran = sluice("policy check " + write("p.yaml", kPolicy));
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(has(ran.out, "1 flows, 2 tests"));
}

TEST_F(Cli, PolicyCheckTellsTheMistakeWithItsPlace) {
  const auto ran =
      sluice("policy check " + write("p.yaml", "version: 1\ndata: {card: {detector: payment_crad}}\n"));
  EXPECT_EQ(ran.code, 2);
  EXPECT_TRUE(has(ran.err, "p.yaml:2:")) << ran.err;
  EXPECT_TRUE(has(ran.err, "did you mean 'payment_card'?"));
}

TEST_F(Cli, PolicyCheckAsJson) {
  const auto ran = sluice("policy check --json " + write("p.yaml", "version: 1\nnonsense: 1\n"));
  EXPECT_EQ(ran.code, 2);
  const json reply = json::parse(ran.out);
  EXPECT_EQ(reply["ok"], false);
  EXPECT_EQ(reply["diagnostics"][0]["line"], 2);
}

TEST_F(Cli, PolicyCheckOfNoFile) {
  const auto ran = sluice("policy check " + dir_ + "/none.yaml");
  EXPECT_EQ(ran.code, 2);
  EXPECT_TRUE(has(ran.err, "none.yaml"));
}

TEST_F(Cli, PolicyTestPasses) {
  const auto ran = sluice("policy test " + write("p.yaml", kPolicy));
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_TRUE(has(ran.out, "2 of 2 passed"));
}

TEST_F(Cli, PolicyTestTellsWhatItExpectedAndGot) {
  std::string wrong = kPolicy;
  wrong.replace(wrong.find("expect: allow"), 13, "expect: block");
  const auto ran = sluice("policy test " + write("p.yaml", wrong));
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(has(ran.out, "FAIL")) << ran.out;
  EXPECT_TRUE(has(ran.out, "expected block, got allow"));
  EXPECT_TRUE(has(ran.out, "1 of 2 passed"));
  EXPECT_FALSE(has(ran.out + ran.err, "4111 1111"));
}

TEST_F(Cli, PolicyTestComparesWhatIsFound) {
  std::string wrong = kPolicy;
  wrong.replace(wrong.rfind("4111 1111 1111 1111"), 19, "4111 1111 1111 1112");
  const auto ran = sluice("policy test --json " + write("p.yaml", wrong));
  EXPECT_EQ(ran.code, 1);
  const json reply = json::parse(ran.out);
  EXPECT_EQ(reply["failed"], 1);
  EXPECT_EQ(reply["tests"][1]["got"]["verdict"], "allow");
  EXPECT_EQ(reply["tests"][1]["got"]["finds"], json::array());
}

TEST_F(Cli, PolicyExplainSaysWhatAndWhy) {
  const std::string policy = write("p.yaml", kPolicy);
  const auto denied = sluice("policy explain " + policy +
                             " --from exe=/usr/bin/curl,user=alice --to 203.0.113.9:80 --data card");
  EXPECT_EQ(denied.code, 1) << denied.err;
  EXPECT_TRUE(has(denied.out, "block")) << denied.out;
  EXPECT_TRUE(has(denied.out, "violations.card"));
  const auto allowed = sluice("policy explain " + policy +
                              " --from unit=checkout.service --to api.stripe.com:443 --data card --json");
  EXPECT_EQ(allowed.code, 0) << allowed.out;
  EXPECT_EQ(json::parse(allowed.out)["rule"], "charge-cards");
  const auto plain = sluice("policy explain " + policy +
                            " --from unit=checkout.service --to api.stripe.com:443 --data card --plaintext");
  EXPECT_EQ(plain.code, 1) << plain.out;
}

TEST_F(Cli, UsageMistakesEndWithTwo) {
  const std::string policy = write("p.yaml", kPolicy);
  for (const std::string& arguments :
       {std::string{}, std::string{"stauts"}, std::string{"scan"}, std::string{"mode deny"},
        std::string{"policy"}, "policy explain " + policy + " --to 203.0.113.9 --data card",
        "policy explain " + policy + " --to :80 --data card",
        "policy explain " + policy + " --from exa=/x --to h:80 --data card",
        "policy explain " + policy + " --to h:80 --data crad"}) {
    const auto ran = sluice(arguments);
    EXPECT_EQ(ran.code, 2) << arguments;
    EXPECT_FALSE(ran.err.empty()) << arguments;
  }
}

TEST_F(Cli, EveryCommandHasHelpWithAnExample) {
  for (const char* command : {"", "status", "doctor", "findings", "show", "scan", "detectors", "policy",
                              "policy check", "policy test", "policy explain", "reload", "mode"}) {
    const auto ran = sluice(std::string{command} + " --help");
    EXPECT_EQ(ran.code, 0) << command;
    EXPECT_TRUE(has(ran.out, "Example")) << command << '\n' << ran.out;
  }
}

TEST_F(Cli, DoctorWorksWithoutADaemon) {
  const auto ran = sluice("--control " + dir_ + "/none.sock doctor --json");
  EXPECT_TRUE(ran.code == 0 || ran.code == 3) << ran.err;
  const json report = json::parse(ran.out);
  ASSERT_FALSE(report["features"].empty());
  bool lacking = false;
  for (const json& feature : report["features"])
    lacking = lacking || (feature["required"] && !feature["present"]);
  EXPECT_EQ(ran.code, lacking ? 3 : 0);
}

}  // namespace
}  // namespace sluice
