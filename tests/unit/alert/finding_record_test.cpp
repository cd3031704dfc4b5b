// SPDX-License-Identifier: Apache-2.0
#include "alert/finding_record.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "sample.h"

namespace sluice::alert {
namespace {

using nlohmann::json;
using test::sample_finding;

constexpr const char* kCard = "4111111111111111";

json record_of(const Finding& finding) { return finding_record(finding, {.hostname = "shop-1"}); }

TEST(FindingRecord, HasTheRequiredFieldsOfOcsfClass2006) {
  const json record = record_of(sample_finding());
  for (const char* field : {"activity_id", "category_uid", "class_uid", "type_uid", "time", "severity_id",
                            "metadata", "finding_info"})
    EXPECT_TRUE(record.contains(field)) << field;
  EXPECT_EQ(record["class_uid"], 2006);
  EXPECT_EQ(record["category_uid"], 2);
  EXPECT_EQ(record["type_uid"], 200601);
  EXPECT_EQ(record["time"], 1'795'521'835'000);
  EXPECT_EQ(record["metadata"]["version"], "1.4.0");
  EXPECT_EQ(record["metadata"]["product"]["name"], "Sluice");
  EXPECT_EQ(record["finding_info"]["uid"], "00c0ffee00c0ffee");
}

TEST(FindingRecord, ARepeatIsAnUpdateOfTheSameFinding) {
  Finding finding = sample_finding();
  finding.count = 7;
  const json record = record_of(finding);
  EXPECT_EQ(record["activity_id"], 2);
  EXPECT_EQ(record["type_uid"], 200602);
  EXPECT_EQ(record["count"], 7);
  EXPECT_EQ(record["finding_info"]["uid"], "00c0ffee00c0ffee");
}

struct Outcome {
  Verdict verdict;
  int action_id;
  int disposition_id;
  bool is_alert;
};
class Outcomes : public testing::TestWithParam<Outcome> {};

TEST_P(Outcomes, AreTheSchemaS) {
  Finding finding = sample_finding();
  finding.decision.verdict = GetParam().verdict;
  const json record = record_of(finding);
  EXPECT_EQ(record["action_id"], GetParam().action_id);
  EXPECT_EQ(record["disposition_id"], GetParam().disposition_id);
  EXPECT_EQ(record["is_alert"], GetParam().is_alert);
  EXPECT_EQ(record["unmapped"]["sluice"]["verdict"], to_string(GetParam().verdict));
}

INSTANTIATE_TEST_SUITE_P(Verdicts, Outcomes,
                         testing::Values(Outcome{Verdict::allow, 1, 17, false},
                                         Outcome{Verdict::alert, 1, 19, true},
                                         Outcome{Verdict::block, 2, 2, true},
                                         Outcome{Verdict::would_block, 1, 15, true}),
                         [](const auto& tested) { return std::string{to_string(tested.param.verdict)}; });

TEST(FindingRecord, HasSluicesOwnKeys) {
  const json sluice = record_of(sample_finding())["unmapped"]["sluice"];
  for (const char* key :
       {"verdict", "rule", "nearest", "reason", "data_class", "detector", "detectors", "values", "masked",
        "fingerprints", "sender", "destination", "flow", "ledger", "count", "mode", "policy"})
    EXPECT_TRUE(sluice.contains(key)) << key;
  EXPECT_EQ(sluice["detector"], "payment_card");
  EXPECT_EQ(sluice["masked"], json::array({"************1111"}));
  EXPECT_EQ(sluice["sender"]["exe"], "/usr/bin/curl");
  EXPECT_EQ(sluice["sender"]["unit"], "session-3.scope");
  EXPECT_EQ(sluice["destination"]["address"], "203.0.113.9");
  EXPECT_EQ(sluice["ledger"]["inspected"], 180);
}

/// Everything a process can choose about itself, with a card in it.
TEST(FindingRecord, HoldsNoRawValueOfWhatProcessesChoose) {
  Finding finding = sample_finding();
  for (std::string* field :
       {&finding.sender.args, &finding.sender.exe, &finding.sender.comm, &finding.sender.parent_exe,
        &finding.destination.name, &finding.location, &finding.decision.reason})
    *field += std::string{"/x-"} + kCard;
  const std::string line = to_line(record_of(finding));
  EXPECT_EQ(line.find(kCard), std::string::npos) << line;
}

TEST(FindingRecord, BytesThatAreNoUtf8DoNotThrow) {
  Finding finding = sample_finding();
  for (std::string* field : {&finding.sender.args, &finding.sender.exe, &finding.sender.comm,
                             &finding.sender.user, &finding.sender.unit, &finding.sender.cgroup,
                             &finding.destination.name, &finding.data_class, &finding.decision.reason})
    *field = "\xff\xfe\n\x1b";
  finding.masked = {"\xff"};
  finding.sender.groups = {"\xff"};
  const std::string line = to_line(record_of(finding));
  EXPECT_EQ(line.find('\xff'), std::string::npos);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_FALSE(json::parse(line, nullptr, false).is_discarded());
}

TEST(FindingRecord, TheExampleOfTheDocumentationIsThisRecord) {
  std::ifstream file{SLUICE_SOURCE_DIR "/docs/findings.md"};
  std::stringstream text;
  text << file.rdbuf();
  const std::string page = text.str();
  const std::size_t begin = page.find("```json\n");
  ASSERT_NE(begin, std::string::npos);
  const std::string example = page.substr(begin + 8, page.find("```", begin + 8) - begin - 8);
  json documented = json::parse(example, nullptr, false);
  ASSERT_FALSE(documented.is_discarded());
  json record = record_of(sample_finding());
  // A release must not have to edit the page.
  documented["metadata"]["product"].erase("version");
  record["metadata"]["product"].erase("version");
  EXPECT_EQ(documented, record) << "docs/findings.md should say:\n" << record_of(sample_finding()).dump(2);
}

}  // namespace
}  // namespace sluice::alert
