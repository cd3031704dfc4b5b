// SPDX-License-Identifier: Apache-2.0
#include "detect/regex_engine.h"

#include <fmt/format.h>
#include <hs/hs.h>

#include "detect/text.h"

namespace sluice::detect {
namespace {

struct Sink {
  std::vector<RegexHit>& out;
  bool begins_known = false;
};

int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned /*flags*/, void* context) {
  Sink& sink = *static_cast<Sink*>(context);
  const RegexHit hit{id, static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to)};
  if (sink.begins_known && !sink.out.empty()) {
    RegexHit& last = sink.out.back();
    if (last.expression == hit.expression && last.begin == hit.begin) {
      if (hit.end > last.end) last.end = hit.end;
      return 0;
    }
  }
  sink.out.push_back(hit);
  return 0;
}

}  // namespace

void RegexScratch::Free::operator()(hs_scratch* scratch) const { hs_free_scratch(scratch); }
void RegexDatabase::Free::operator()(hs_database* database) const { hs_free_database(database); }

Result<RegexDatabase> RegexDatabase::compile(std::span<const Expression> expressions, Begins begins,
                                             RegexScratch& scratch) {
  std::vector<const char*> texts;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
  for (const Expression& expression : expressions) {
    // A text is a window of a stream: ^ and $ can only mean lines.
    unsigned flag = HS_FLAG_MULTILINE;
    if (expression.caseless) flag |= HS_FLAG_CASELESS;
    if (expression.once) flag |= HS_FLAG_SINGLEMATCH;
    if (begins == Begins::known) flag |= HS_FLAG_SOM_LEFTMOST;
    texts.push_back(expression.text.c_str());
    flags.push_back(flag);
    ids.push_back(static_cast<unsigned>(ids.size()));
  }
  RegexDatabase result;
  result.begins_ = begins;
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_multi(texts.data(), flags.data(), ids.data(), static_cast<unsigned>(texts.size()),
                       HS_MODE_BLOCK, nullptr, &database, &error) != HS_SUCCESS) {
    std::string message = error != nullptr ? error->message : "unknown error";
    hs_free_compile_error(error);
    return fail(std::move(message));
  }
  result.database_.reset(database);
  hs_scratch_t* grown = scratch.scratch_.release();
  const hs_error_t status = hs_alloc_scratch(database, &grown);
  scratch.scratch_.reset(grown);
  if (status != HS_SUCCESS) return fail(fmt::format("allocate scratch space: error {}", status));
  return result;
}

void RegexDatabase::scan(std::string_view text, const RegexScratch& scratch,
                         std::vector<RegexHit>& out) const {
  Sink sink{out, begins_ == Begins::known};
  // The only failures left are misuse of the API (a scratch too small or in use), which compile() and the
  // contract of one thread rule out; going on would be blindness.
  if (hs_scan(database_.get(), text.data(), static_cast<unsigned>(text.size()), 0, scratch.get(), &on_match,
              &sink) != HS_SUCCESS)
    std::abort();
}

std::string escape_literal(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (is_alnum(c) || c == '_' || c == ' ') {
      escaped += c;
    } else {
      escaped += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return escaped;
}

}  // namespace sluice::detect
