// SPDX-License-Identifier: Apache-2.0
// Precision and recall on labelled documents that are not part of this repository; skipped aloud where they
// are missing. The floors are what was reached, less a little: they catch a step back.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "scan_text.h"

namespace sluice::detect {
namespace {

const std::string kData = SLUICE_SOURCE_DIR "/../shared/data/";

struct Score {
  std::size_t found = 0, wrong = 0, missed = 0;
  [[nodiscard]] double precision() const {
    return static_cast<double>(found) / static_cast<double>(found + wrong);
  }
  [[nodiscard]] double recall() const {
    return static_cast<double>(found) / static_cast<double>(found + missed);
  }
};

const std::map<std::string, std::string> kLabels{
    {"card", "payment_card"}, {"email", "email"}, {"ssn", "us_ssn"}, {"iban", "iban"}, {"phone", "phone"}};

std::string plain(std::string value) {
  for (const auto& [escape, mark] : {std::pair{"%40", "@"}, std::pair{"%2B", "+"}})
    for (std::size_t at; (at = value.find(escape)) != std::string::npos;) value.replace(at, 3, mark);
  const bool is_address = value.find('@') != std::string::npos;
  std::string kept;
  for (const char c : value)
    if (is_address || std::isalnum(static_cast<unsigned char>(c)) != 0)
      kept += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return kept;
}

void compare(std::multiset<std::string> expected, const std::vector<std::string>& found, Score& score) {
  for (const std::string& value : found) {
    const auto at = expected.find(plain(value));
    if (at == expected.end()) {
      ++score.wrong;
    } else {
      ++score.found;
      expected.erase(at);
    }
  }
  score.missed += expected.size();
}

TEST(Corpus, precision_and_recall_on_outbound_documents) {
  std::ifstream file{kData + "egress_tune_101.jsonl"};
  if (!file) GTEST_SKIP() << "no " << kData << "egress_tune_101.jsonl";
  std::map<std::string, Score> scores;
  std::map<std::string, DetectorSet> sets;
  for (const auto& [label, detector] : kLabels) sets.emplace(label, set_of(detector));
  for (std::string line; std::getline(file, line);) {
    const auto document = nlohmann::json::parse(line);
    // Encoded documents wait for their decoders.
    if (document["enc"] != "utf8" || document["kind"] == "b64json") continue;
    const std::string body = document["body"];
    for (const auto& [label, set] : sets) {
      std::multiset<std::string> expected;
      for (const auto& entry : document["labels"])
        if (entry["type"] == label) expected.insert(plain(entry["value"]));
      compare(std::move(expected), find_values(set, body), scores[label]);
    }
  }
  const std::map<std::string, std::pair<double, double>> floors{{"card", {0.95, 0.98}},
                                                                {"email", {0.99, 0.99}},
                                                                {"ssn", {0.99, 0.86}},
                                                                {"iban", {0.99, 0.99}},
                                                                {"phone", {0.99, 0.97}}};
  for (const auto& [label, floor] : floors) {
    const Score& score = scores[label];
    RecordProperty(label, std::to_string(score.precision()) + " " + std::to_string(score.recall()));
    EXPECT_GE(score.precision(), floor.first) << label;
    EXPECT_GE(score.recall(), floor.second) << label;
  }
}

TEST(Corpus, presidio_cases) {
  std::ifstream file{kData + "presidio_recognizer_cases.jsonl"};
  if (!file) GTEST_SKIP() << "no " << kData << "presidio_recognizer_cases.jsonl";
  const std::map<std::string, std::string> recognizers{{"credit_card_recognizer", "payment_card"},
                                                       {"email_recognizer", "email"},
                                                       {"us_ssn_recognizer", "us_ssn"},
                                                       {"iban_recognizer", "iban"},
                                                       {"phone_recognizer", "phone"}};
  // Cases that Presidio rates low and a decision to block must not rest on, such as nine bare digits without
  // a word.
  const std::map<std::string, std::size_t> differing{
      {"payment_card", 2}, {"email", 0}, {"us_ssn", 3}, {"iban", 0}, {"phone", 5}};
  std::map<std::string, std::size_t> differs;
  for (std::string line; std::getline(file, line);) {
    const auto entry = nlohmann::json::parse(line);
    const auto row = recognizers.find(entry["recognizer"]);
    if (row == recognizers.end()) continue;
    const std::string text = entry["text"];
    if (find_values(set_of(row->second), text).size() != entry["n"].get<std::size_t>())
      ++differs[row->second];
  }
  for (const auto& [detector, most] : differing) EXPECT_LE(differs[detector], most) << detector;
}

}  // namespace
}  // namespace sluice::detect
