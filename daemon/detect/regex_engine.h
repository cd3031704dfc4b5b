// SPDX-License-Identifier: Apache-2.0
// The regex library (Hyperscan's API) behind two small types. Block mode; no start of match but where asked
// for, since it costs a third of the speed.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct hs_database;
struct hs_scratch;

namespace sluice::detect {

struct Expression {
  std::string text;
  bool caseless = false;
  bool once = false;  // tell only whether it matches
};

struct RegexHit {
  std::uint32_t expression = 0;  // index into what was compiled
  std::uint32_t begin = 0;       // 0 unless the database knows where matches begin
  std::uint32_t end = 0;
};

/// Working memory of a scan. Fits the databases it was shown; one thread at a time.
class RegexScratch {
 public:
  [[nodiscard]] hs_scratch* get() const { return scratch_.get(); }

 private:
  friend class RegexDatabase;
  struct Free {
    void operator()(hs_scratch* scratch) const;
  };
  std::unique_ptr<hs_scratch, Free> scratch_;
};

class RegexDatabase {
 public:
  enum class Begins : bool { unknown, known };

  /// Fails with the library's own words. `scratch` grows to fit.
  [[nodiscard]] static Result<RegexDatabase> compile(std::span<const Expression> expressions, Begins begins,
                                                     RegexScratch& scratch);
  /// Appends matches. With known begins, of the matches with one begin the longest.
  void scan(std::string_view text, const RegexScratch& scratch, std::vector<RegexHit>& out) const;

 private:
  struct Free {
    void operator()(hs_database* database) const;
  };
  std::unique_ptr<hs_database, Free> database_;
  Begins begins_ = Begins::unknown;
};

/// The text with everything that has a meaning in an expression made literal.
[[nodiscard]] std::string escape_literal(std::string_view text);

}  // namespace sluice::detect
