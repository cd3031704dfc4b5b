// SPDX-License-Identifier: Apache-2.0
// E-mail addresses, from the '@' outwards: the atoms that mail systems really use, a domain of two labels or
// more, and a top-level domain that is no file suffix.
#include <algorithm>
#include <array>
#include <string_view>

#include "detect/recognizers.h"
#include "detect/text.h"

namespace sluice::detect {
namespace {

constexpr std::size_t kMaxLocal = 64;    // RFC 5321, 4.5.3.1.1
constexpr std::size_t kMaxDomain = 253;  // RFC 1035 as text
constexpr std::size_t kMaxLabel = 63;

constexpr bool is_local_char(char c) {
  return is_alnum(c) || c == '.' || c == '_' || c == '+' || c == '-' || c == '\'';
}
constexpr bool is_domain_char(char c) { return is_alnum(c) || c == '-' || c == '.'; }

// Last labels that look like a top-level domain and are none: file suffixes, and names that only a local
// network knows.
constexpr auto kNoTopLevelDomain = std::to_array<std::string_view>(
    {"avif",  "bak",  "bat",  "bin",   "bmp",         "cfg",       "class", "conf",   "corp", "cpp", "crt",
     "css",   "csv",  "deb",  "dll",   "doc",         "docx",      "eot",   "exe",    "gif",  "git", "gz",
     "home",  "htm",  "html", "ico",   "ini",         "internal",  "jar",   "jpeg",   "jpg",  "js",  "json",
     "jsx",   "key",  "lan",  "local", "localdomain", "localhost", "lock",  "log",    "map",  "pdf", "pem",
     "php",   "png",  "rpm",  "scope", "scss",        "service",   "slice", "socket", "svg",  "tar", "tgz",
     "timer", "toml", "ttf",  "txt",   "webp",        "woff",      "xlsx",  "xml",    "yaml", "yml"});
static_assert(std::ranges::is_sorted(kNoTopLevelDomain));

bool is_top_level_domain(std::string_view label) {
  if (label.size() < 2 || label.size() > 24)
    return label.size() > 4 && label.size() <= kMaxLabel && label.starts_with("xn--");
  if (label.starts_with("xn--")) return true;
  if (!std::ranges::all_of(label, is_letter)) return false;
  std::array<char, 24> lower{};
  std::ranges::transform(label, lower.begin(), to_lower);
  return !std::ranges::binary_search(kNoTopLevelDomain, std::string_view{lower.data(), label.size()});
}

/// End of the domain that begins at `begin`, or `begin` if there is none.
std::size_t domain_end(std::string_view text, std::size_t begin) {
  std::size_t end = begin;
  while (end < text.size() && end - begin <= kMaxDomain && is_domain_char(text[end])) ++end;
  while (end > begin && (text[end - 1] == '.' || text[end - 1] == '-')) --end;
  const std::string_view domain = text.substr(begin, end - begin);
  if (domain.size() > kMaxDomain) return begin;
  std::size_t labels = 0;
  std::string_view last;
  for (std::size_t at = 0; at <= domain.size(); at += last.size() + 1, ++labels) {
    last = domain.substr(at, domain.find('.', at) - at);
    if (last.empty() || last.size() > kMaxLabel || last.front() == '-' || last.back() == '-') return begin;
  }
  return labels >= 2 && is_top_level_domain(last) ? end : begin;
}

/// The marks around an address that say how it is written.
struct Writing {
  bool quoted = false;   // 'bob@example.com'
  bool encoded = false;  // bob%40example.com
};

/// Begin of the local part that ends at `end`, or `end` if there is none.
std::size_t local_begin(std::string_view text, std::size_t end, Writing writing) {
  std::size_t begin = end;
  while (begin > 0 && end - begin <= kMaxLocal) {
    const bool plus =
        writing.encoded && begin < end && text[begin - 1] == '%' && ends_plus_escape(text, begin + 2);
    if (!plus && !is_local_char(text[begin - 1])) break;
    --begin;
  }
  if (begin > 0 && text[begin - 1] == '%') begin += escape_rest(text, begin);
  if (begin > 0 && text[begin - 1] == '\\' && begin < end) {  // "\nbob@" and "\u0022bob@" in JSON
    const char c = text[begin];
    if (c == 'n' || c == 'r' || c == 't') ++begin;
    if (c == 'u') begin += 5;
  }
  if (begin >= end) return end;
  if (writing.quoted) {  // 'bob@example.com': the quote is SQL's
    const std::size_t quote = text.substr(begin, end - begin).rfind('\'');
    if (quote != std::string_view::npos) begin += quote + 1;
  }
  while (begin < end &&
         (text[begin] == '.' || text[begin] == '-' || text[begin] == '\'' || text[begin] == '+'))
    ++begin;
  if (begin == end || end - begin > kMaxLocal || text[end - 1] == '.') return end;
  return text.substr(begin, end - begin).find("..") == std::string_view::npos ? begin : end;
}

/// The user of a URL ("https://user@host/", "ssh://user:password@host") is no mailbox.
bool is_url_user(std::string_view text, std::size_t begin) {
  if (begin >= 2 && text.substr(begin - 2, 2) == "//") return true;
  if (begin == 0 || text[begin - 1] != ':') return false;
  std::size_t at = begin - 1;
  while (at > 0 && begin - at < kNear &&
         (is_alnum(text[at - 1]) || text[at - 1] == '.' || text[at - 1] == '_' || text[at - 1] == '-'))
    --at;
  return at >= 2 && text.substr(at - 2, 2) == "//";
}

/// git@host:path and svn@host/path name a repository.
bool is_repository(std::string_view text, Span value, std::size_t at) {
  const std::string_view local = text.substr(value.begin, at - value.begin);
  const char after = char_at(text, value.end);
  return (local == "git" || local == "hg" || local == "svn") && (after == ':' || after == '/');
}

void add_email(std::string_view text, std::size_t at, std::size_t domain, std::vector<Span>& out) {
  const std::size_t end = domain_end(text, domain);
  if (end == domain) return;
  const std::size_t begin =
      local_begin(text, at, {.quoted = char_at(text, end) == '\'', .encoded = text[at] == '%'});
  if (begin == at || is_url_user(text, begin)) return;
  const Span value{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  if (!is_repository(text, value, at)) out.push_back(value);
}

}  // namespace

void find_emails(const Window& window, std::vector<Span>& out) {
  for (const std::uint32_t at : window.anchors.ats) add_email(window.text, at, at + 1, out);
  for (const Run& run : window.anchors.runs) {  // bob%40example.com
    if (run.begin == 0 || run.size() < 2 || window.text[run.begin - 1] != '%') continue;
    if (window.text.substr(run.begin, 2) == "40") add_email(window.text, run.begin - 1, run.begin + 2, out);
  }
}

}  // namespace sluice::detect
