// SPDX-License-Identifier: Apache-2.0
// Every value of the whole text is found in any split of it, and no span is told twice.
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <tuple>

#include "scan_text.h"

namespace sluice::detect {
namespace {

using Told = std::tuple<DataClassId, std::uint64_t, std::uint64_t>;

std::set<Told> told(const std::vector<Match>& matches) {
  std::set<Told> all;
  for (const Match& match : matches) all.insert({match.data_class, match.begin, match.end});
  return all;
}

DetectorSet everything() {
  std::vector<DataClassSpec> classes;
  for (const CatalogueEntry& entry : catalogue())
    classes.push_back({.name = std::string{entry.name}, .detectors = {std::string{entry.name}}});
  classes.push_back({.name = "contact", .detectors = {"email", "phone"}});
  classes.push_back(
      {.name = "own",
       .patterns = {{.expression = "LOY-[0-9]{4,10}", .near = {"member"}}, {.expression = "K[a-z]{1,900};"}},
       .words = {"strictly confidential"}});
  return compile_or_throw(classes);
}

const std::vector<std::string>& ingredients() {
  static const std::vector<std::string> kAll{"4111111111111111",
                                             "4111 1111 1111 1111",
                                             "123",
                                             "-",
                                             " ",
                                             ",",
                                             "\n",
                                             "bob@example.com",
                                             "bob%40example.com",
                                             "536-22-8726",
                                             "ssn=",
                                             "536228726",
                                             "DE89 3704 0044 0532 0130 00",
                                             "GB29NWBK60161331926819",
                                             "+44 20 7123 4567",
                                             "(415) 555-0132",
                                             "phone: ",
                                             "030 1234567",
                                             "LOY-1234567890",
                                             "member",
                                             "STRICTLY  confidential",
                                             "%3D",
                                             "\\n",
                                             "lorem ipsum dolor sit amet ",
                                             "0.",
                                             "x",
                                             "4012-8888-8888-1881",
                                             "K" + std::string(700, 'q') + ";",
                                             "378282246310005"};
  return kAll;
}

std::string random_text(std::mt19937& random) {
  std::string text;
  const std::size_t pieces = 20 + random() % 200;
  for (std::size_t i = 0; i < pieces; ++i) text += ingredients()[random() % ingredients().size()];
  return text;
}

std::vector<std::string_view> random_split(std::string_view text, std::size_t longest, std::mt19937& random) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    const std::size_t size = std::min<std::size_t>(text.size(), 1 + random() % longest);
    pieces.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return pieces;
}

TEST(Split, loses_no_value_and_tells_no_span_twice) {
  std::mt19937 random{20261124};
  const DetectorSet set = everything();
  std::size_t values = 0;
  for (int round = 0; round < 120; ++round) {
    const std::string text = random_text(random);
    const auto whole = told(scan_whole(set, text));
    values += whole.size();
    for (const std::size_t longest : {1UL, 7UL, 40UL, 300UL, 1500UL, 5000UL}) {
      const auto pieces = random_split(text, longest, random);
      if (longest == 1 && round % 10 != 0) continue;
      const auto matches = scan_pieces(set, pieces);
      const auto split = told(matches);
      ASSERT_EQ(split.size(), matches.size()) << "told twice; round " << round << " longest " << longest;
      for (const Told& value : whole)
        ASSERT_TRUE(split.contains(value))
            << "lost " << text.substr(std::get<1>(value), std::get<2>(value) - std::get<1>(value))
            << "; round " << round << " longest " << longest;
    }
  }
  EXPECT_GT(values, 2000U) << "the texts must hold values for this to say anything";
}

TEST(Split, every_cut_of_each_value_finds_it) {
  const DetectorSet set = everything();
  const std::string text =
      "a 4111 1111 1111 1111, bob@example.com; 536-22-8726 DE89370400440532013000 (415) 555-0132 "
      "LOY-1234567890 of a member, strictly confidential.";
  const auto whole = told(scan_whole(set, text));
  ASSERT_EQ(whole.size(), 9U);  // e-mail and phone in two classes each
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    const std::vector<std::string_view> pieces{std::string_view{text}.substr(0, cut),
                                               std::string_view{text}.substr(cut)};
    const auto split = told(scan_pieces(set, pieces));
    EXPECT_TRUE(std::ranges::includes(split, whole)) << cut;
  }
}

TEST(Split, a_value_at_the_end_of_a_piece_is_told_before_more_comes) {
  const DetectorSet set = set_of("payment_card");
  ScanState state;
  std::vector<Match> matches;
  set.scan(state, {.bytes = as_bytes("card=4111111111111111")}, matches);
  EXPECT_EQ(matches.size(), 1U);
  set.scan(state, {.bytes = as_bytes(" and"), .pos = StreamPos{21}}, matches);
  EXPECT_EQ(matches.size(), 1U);
}

TEST(Split, a_value_that_grows_is_told_again_as_what_it_is) {
  const DetectorSet set = set_of("email");
  const std::vector<std::string_view> pieces{"bob@example.co", "m,"};
  EXPECT_EQ(values_in("bob@example.com,", scan_pieces(set, pieces)),
            (std::vector<std::string>{"bob@example.co", "bob@example.com"}));
}

TEST(Split, a_word_that_follows_late_still_counts) {
  const DataClassSpec own{.name = "own", .patterns = {{.expression = "LOY-[0-9]{4}", .near = {"member"}}}};
  const DetectorSet set = compile_or_throw({&own, 1});
  const std::vector<std::string_view> pieces{"LOY-1234 ", "of a mem", "ber"};
  EXPECT_EQ(scan_pieces(set, pieces).size(), 1U);
}

TEST(Split, a_value_of_the_full_overlap_is_found_at_each_cut) {
  const DataClassSpec own{.name = "own", .patterns = {{.expression = "K[a-z]{1,1100};"}}};
  const DetectorSet set = compile_or_throw({&own, 1});
  const std::string text =
      std::string(2000, '.') + 'K' + std::string(kOverlap - 2, 'q') + ';' + std::string(10, '.');
  for (std::size_t cut = 1900; cut < text.size(); cut += 13) {
    const std::vector<std::string_view> pieces{std::string_view{text}.substr(0, cut),
                                               std::string_view{text}.substr(cut)};
    EXPECT_EQ(scan_pieces(set, pieces).size(), 1U) << cut;
  }
}

TEST(Split, what_begins_before_the_remembered_bytes_is_not_judged_by_its_rest) {
  // 5000 digits are no card; their last 16, seen alone, would be one.
  const DetectorSet set = set_of("payment_card");
  const std::string text = std::string(3000, '9') + "4111111111111111" + std::string(1280 - 16, ' ') + "x";
  const std::vector<std::string_view> pieces{std::string_view{text}.substr(0, text.size() - 1),
                                             std::string_view{text}.substr(text.size() - 1)};
  EXPECT_TRUE(scan_pieces(set, pieces).empty());
}

TEST(Gap, nothing_matches_across_it_and_what_follows_is_found) {
  const DetectorSet set = set_of("payment_card");
  ScanState state;
  std::vector<Match> matches;
  set.scan(state, {.bytes = as_bytes("4111 1111 ")}, matches);
  state.gap();
  set.scan(state, {.bytes = as_bytes("1111 1111 378282246310005"), .pos = StreamPos{10}}, matches);
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_EQ(matches[0].begin, 20U);
}

TEST(Gap, a_jump_of_the_position_is_one) {
  const DetectorSet set = set_of("payment_card");
  ScanState state;
  std::vector<Match> matches;
  set.scan(state, {.bytes = as_bytes("4111 1111 ")}, matches);
  set.scan(state, {.bytes = as_bytes("1111 1111 "), .pos = StreamPos{11}}, matches);
  EXPECT_TRUE(matches.empty());
}

TEST(LargePiece, a_cut_inside_it_adds_no_value) {
  const DetectorSet set = set_of("email");
  for (std::size_t before = 65'536 - 20; before < 65'536 + 5; ++before) {
    const std::string text = std::string(before, '.') + " bob@example.com, " + std::string(3000, '.');
    EXPECT_EQ(find_values(set, text), std::vector<std::string>{"bob@example.com"}) << before;
  }
}

TEST(LargePiece, equals_one_text) {
  std::mt19937 random{3};
  const DetectorSet set = everything();
  std::string text;
  while (text.size() < 300'000) text += random_text(random);
  // A piece of 60 KB is scanned as it is; larger ones are cut inside, which must not show.
  const auto whole = scan_whole(set, text);
  const auto all = told(whole);
  EXPECT_EQ(all.size(), whole.size());
  for (std::size_t at = 0; at + 60'000 <= text.size(); at += 50'000) {
    const std::string_view part = std::string_view{text}.substr(at, 60'000);
    for (const Match& match : scan_whole(set, part)) {
      if (match.begin < 200 || match.end + 1300 > part.size()) continue;
      EXPECT_TRUE(all.contains({match.data_class, at + match.begin, at + match.end}));
    }
    for (const auto& [data_class, begin, end] : all) {
      if (begin < at + 200 || end + 1300 > at + part.size()) continue;
      const auto inside = told(scan_whole(set, part));
      EXPECT_TRUE(inside.contains({data_class, begin - at, end - at}));
      break;
    }
  }
}

}  // namespace
}  // namespace sluice::detect
