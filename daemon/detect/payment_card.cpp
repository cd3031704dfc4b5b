// SPDX-License-Identifier: Apache-2.0
// Payment card numbers: 12 to 19 digits as one run, or in the groups that cards are printed in with one kind
// of separator.
#include <algorithm>
#include <array>
#include <span>

#include "detect/card_brands.h"
#include "detect/recognizers.h"
#include "detect/text.h"

namespace sluice::detect {
namespace {

constexpr std::size_t kMaxGroups = 5;

struct Shape {
  std::array<std::uint8_t, kMaxGroups> groups{};
  std::size_t count = 0;
};

// The usual shapes first: a card followed by its three-digit code must not be read as one number of 19
// digits.
constexpr std::array kShapes{
    Shape{{4, 4, 4, 4}, 4}, Shape{{4, 6, 5}, 3},    Shape{{4, 6, 4}, 3},       Shape{{4, 4, 4, 4, 3}, 5},
    Shape{{4, 4, 4, 3}, 4}, Shape{{4, 4, 4, 2}, 4}, Shape{{4, 4, 4, 4, 2}, 5}, Shape{{4, 4, 4, 1}, 4},
    Shape{{4, 4, 5}, 3},    Shape{{4, 4, 4}, 3},    Shape{{4, 3, 3, 3}, 4},
};

bool joined(std::string_view text, const Run& left, const Run& right, char separator) {
  return right.begin == left.end + 1 && text[left.end] == separator;
}

class GroupedCard {
 public:
  GroupedCard(const Window& window, std::size_t first) : window_{window}, first_{first} {
    const std::span<const Run> runs{window.anchors.runs};
    separator_ = char_at(window.text, runs[first].end);
    const bool form_space =
        separator_ == '+' && runs[first].begin > 0 && window.text[runs[first].begin - 1] == '=';
    if (separator_ != ' ' && separator_ != '-' && !form_space) return;
    groups_ = 1;
    while (groups_ < kMaxGroups && follows(first + groups_)) ++groups_;
  }

  /// The value, or an empty span.
  [[nodiscard]] Span find() const {
    for (const Shape& shape : kShapes)
      if (fits(shape) && valid(shape) && !part_of_list(shape.count))
        return {runs()[first_].begin, runs()[first_ + shape.count - 1].end};
    return {};
  }

 private:
  [[nodiscard]] std::span<const Run> runs() const { return window_.anchors.runs; }

  /// Run `i` is joined to the one before it by this card's separator.
  [[nodiscard]] bool follows(std::size_t i) const {
    return i > 0 && i < runs().size() && joined(window_.text, runs()[i - 1], runs()[i], separator_);
  }

  [[nodiscard]] bool fits(const Shape& shape) const {
    if (shape.count > groups_) return false;
    for (std::size_t i = 0; i < shape.count; ++i)
      if (runs()[first_ + i].size() != shape.groups[i]) return false;
    return true;
  }

  [[nodiscard]] bool valid(const Shape& shape) const {
    std::array<char, 20> digits{};
    std::size_t size = 0;
    for (std::size_t i = 0; i < shape.count; ++i)
      for (std::uint32_t at = runs()[first_ + i].begin; at < runs()[first_ + i].end; ++at)
        digits[size++] = window_.text[at];
    return is_card_number({digits.data(), size});
  }

  /// Run `i` begins four groups of four that are a card of their own.
  [[nodiscard]] bool card_at(std::size_t i) const {
    if (i + 4 > runs().size()) return false;
    std::array<char, 16> digits{};
    for (std::size_t group = 0; group < 4; ++group) {
      if (runs()[i + group].size() != 4 || (group > 0 && !follows(i + group))) return false;
      std::copy_n(window_.text.data() + runs()[i + group].begin, 4, digits.data() + 4 * group);
    }
    return is_card_number({digits.data(), digits.size()});
  }

  /// Rows of numbers hold card-like windows by chance. A short shape stands alone; one of 16 digits or more
  /// may have one neighbour (an expiry date, a code, the end of another card) on a side, not two groups of
  /// four, unless those are a card as well: a row of cards.
  [[nodiscard]] bool part_of_list(std::size_t count) const {
    const std::size_t next = first_ + count;
    const bool short_shape = runs()[first_].size() != 4 || count < 4 || runs()[first_ + 3].size() != 4;
    if (short_shape) return follows(first_) || follows(next);
    const bool two_before = first_ >= 2 && follows(first_) && follows(first_ - 1) &&
                            runs()[first_ - 1].size() == 4 && runs()[first_ - 2].size() == 4 &&
                            !(first_ >= 4 && card_at(first_ - 4));
    const bool two_after = follows(next) && follows(next + 1) && runs()[next].size() == 4 &&
                           runs()[next + 1].size() == 4 && runs()[next + 1].end < window_.text.size() &&
                           !card_at(next);
    return two_before || two_after;
  }

  const Window& window_;
  std::size_t first_;
  std::size_t groups_ = 0;
  char separator_ = '\0';
};

// Fields that hold numbers of 12 to 19 digits by the thousand, one in 36 of which passes for a card.
constexpr auto kOtherNumbers = std::to_array<std::string_view>(
    {"ean", "ean13", "gtin", "imei", "isbn", "orderid", "seq", "sequence", "shipment", "shipmentid", "spanid",
     "timestamp", "traceid", "tracking", "trackingid", "trackingnumber", "ts", "upc"});

bool has_other_meaning(std::string_view text, const Span& value) {
  std::array<char, kMaxKey> plain{};
  std::size_t size = 0;
  for (const char c : attached_key(text, value.begin))
    if (is_alnum(c)) plain[size++] = to_lower(c);
  if (std::ranges::find(kOtherNumbers, std::string_view{plain.data(), size}) != kOtherNumbers.end())
    return true;
  // A telephone number has at most 15 digits.
  const char before = value.begin > 0 ? text[value.begin - 1] : '\0';
  if (value.end - value.begin <= 15 &&
      (before == '+' || (before != '\0' && ends_plus_escape(text, value.begin))))
    return true;
  // "DE29 4654 1076 2949 2256 21": the groups after the first of an account number.
  if (value.begin < 5 || is_alnum(before)) return false;
  const std::string_view first = text.substr(value.begin - 5, 4);
  return is_upper(first[0]) && is_upper(first[1]) && is_digit(first[2]) && is_digit(first[3]) &&
         value.end - value.begin > 16 && !is_digit(before) && text[value.begin + 4] == before;
}

}  // namespace

void find_payment_cards(const Window& window, std::vector<Span>& out) {
  const std::vector<Run>& runs = window.anchors.runs;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    Run run = runs[i];
    if (run.size() < 4 || run.size() > 21) continue;
    run.begin += static_cast<std::uint32_t>(escape_rest(window.text, run.begin));
    Span card;
    if (run.size() >= 12) {
      if (is_card_number(window.text.substr(run.begin, run.size()))) card = {run.begin, run.end};
    } else if (run.begin == runs[i].begin && (run.size() == 4 || run.size() == 6)) {
      card = GroupedCard{window, i}.find();
    }
    if (card.end == 0 || glued_before(window.text, card.begin) || glued_after(window.text, card.end))
      continue;
    if (!has_other_meaning(window.text, card)) out.push_back(card);
  }
}

}  // namespace sluice::detect
