// SPDX-License-Identifier: Apache-2.0
// Globs of the policy language: * is any run of bytes (slashes and dots too), ? is one byte, all else is
// itself.
#pragma once

#include <string_view>

namespace sluice::policy {

/// The whole of `text` matches. Never recurses; at most glob.size() * text.size() steps, in practice linear,
/// since only the last star can be taken back.
[[nodiscard]] constexpr bool glob_match(std::string_view glob, std::string_view text) {
  std::size_t g = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // the last star seen
  std::size_t star_text = 0;                  // where the text after what it took begins
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      star_text = t;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == text[t])) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++star_text;  // the star takes one byte more
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

static_assert(glob_match("/usr/bin/python3*", "/usr/bin/python3.11"));
static_assert(glob_match("*nightly*", "etl.py --nightly --all"));
static_assert(!glob_match("*.stripe.com", "stripe.com"));
static_assert(glob_match("a*b*c", "a-b-b-c") && !glob_match("a*b*c", "a-c-b"));

}  // namespace sluice::policy
