// SPDX-License-Identifier: Apache-2.0
#include "policy/diagnostics.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <numeric>

namespace sluice::policy {
namespace {

/// What people write who know the thing by another name. Only a candidate is ever suggested.
struct Alias {
  std::string_view written;
  std::string_view meant;
};
constexpr std::array kAliases{
    Alias{"credit_card", "payment_card"},
    Alias{"creditcard", "payment_card"},
    Alias{"debit_card", "payment_card"},
    Alias{"card_number", "payment_card"},
    Alias{"cc", "payment_card"},
    Alias{"pan", "payment_card"},
    Alias{"ssn", "us_ssn"},
    Alias{"social_security", "us_ssn"},
    Alias{"mail", "email"},
    Alias{"e_mail", "email"},
    Alias{"telephone", "phone"},
    Alias{"tel", "phone"},
    Alias{"mobile", "phone"},
    Alias{"bank_account", "iban"},
    Alias{"account", "iban"},
    Alias{"binary", "exe"},
    Alias{"path", "exe"},
    Alias{"executable", "exe"},
    Alias{"cmdline", "args"},
    Alias{"command", "args"},
    Alias{"service", "unit"},
    Alias{"uid", "user"},
    Alias{"gid", "group"},
    Alias{"host", "name"},
    Alias{"hostname", "name"},
    Alias{"domain", "name"},
    Alias{"cidr", "network"},
    Alias{"subnet", "network"},
    Alias{"ip", "network"},
    Alias{"ip", "address"},
    Alias{"regex", "pattern"},
    Alias{"keywords", "words"},
    Alias{"threshold", "at_least"},
    Alias{"validator", "check"},
    Alias{"tls", "encrypted"},
    Alias{"source", "from"},
    Alias{"sender", "from"},
    Alias{"destination", "to"},
    Alias{"rules", "flows"},
    Alias{"allow", "flows"},
    Alias{"deny", "connections"},
    Alias{"deny", "block"},
    Alias{"drop", "block"},
    Alias{"warn", "alert"},
    Alias{"monitor", "observe"},
    Alias{"enforcing", "enforce"},
    Alias{"permissive", "observe"},
    Alias{"payload", "send"},
};

constexpr std::size_t kMaxWord =
    64;  // a longer word is no slip of a short one, and the distance is quadratic
constexpr std::size_t kNone = 1'000;

std::string normalised(std::string_view word) {
  std::string out{word};
  for (char& c : out)
    c = c == '-' || c == ' ' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours, each 1. Only the
/// diagonal band that can still end within `most` is filled, and kNone comes back if the distance is more.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t most) {
  using Row = std::array<std::size_t, kMaxWord + 1>;
  std::array<Row, 3> rows{};
  for (Row& row : rows) row.fill(kNone);
  std::iota(rows[0].begin(), rows[0].begin() + static_cast<std::ptrdiff_t>(b.size() + 1), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    Row& row = rows[i % 3];
    const Row& above = rows[(i + 2) % 3];
    const Row& before = rows[(i + 1) % 3];
    row.fill(kNone);
    row[0] = i;
    for (std::size_t j = i > most ? i - most : 1; j <= std::min(b.size(), i + most); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  const std::size_t distance = rows[a.size() % 3][b.size()];
  return distance <= most ? distance : kNone;
}

/// Distance if it is small for words of this length, else kNone: 'mod' may be 'mode', but 'foo' is not 'to'.
std::size_t slip(std::string_view word, std::string_view meant) {
  constexpr std::size_t kMostSlips = 4;
  const std::size_t shorter = std::min(word.size(), meant.size());
  const std::size_t allowed = std::clamp<std::size_t>(shorter / 3, 1, kMostSlips);
  if (std::max(word.size(), meant.size()) - shorter > allowed) return kNone;
  if (shorter < 3) return word == meant ? 0 : kNone;
  return edit_distance(word, meant, allowed);
}

bool share_word(std::string_view a, std::string_view b) {
  for (std::size_t begin = 0; begin < a.size();) {
    const std::size_t end = std::min(a.find('_', begin), a.size());
    const std::string_view part = a.substr(begin, end - begin);
    const std::size_t at = part.size() < 3 ? std::string_view::npos : b.find(part);
    const bool left = at == 0 || (at != std::string_view::npos && b[at - 1] == '_');
    if (at != std::string_view::npos && left && (at + part.size() == b.size() || b[at + part.size()] == '_'))
      return true;
    begin = end + 1;
  }
  return false;
}

std::size_t cost(std::string_view word, std::string_view candidate) {
  constexpr std::size_t kSharedWord = 100;  // any slip is a better guess
  const std::string plain = normalised(candidate);
  std::size_t best = slip(word, plain);
  for (const Alias& alias : kAliases)
    if (alias.meant == candidate) best = std::min(best, slip(word, alias.written));
  return best == kNone && share_word(word, plain) ? kSharedWord : best;
}

}  // namespace

std::string Diagnostic::to_string() const {
  std::string out = file;
  if (line > 0) out += ':' + std::to_string(line) + ':' + std::to_string(column);
  return out + (severity == Severity::warning ? ": warning: " : ": ") + message;
}

std::string_view nearest_word(std::string_view word, std::span<const std::string_view> candidates) {
  if (word.empty() || word.size() > kMaxWord) return {};
  const std::string plain = normalised(word);
  std::string_view best;
  std::size_t best_cost = kNone;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kMaxWord) continue;
    const std::size_t candidate_cost = cost(plain, candidate);
    if (candidate_cost < best_cost) {
      best_cost = candidate_cost;
      best = candidate;
    }
  }
  return best;
}

}  // namespace sluice::policy
