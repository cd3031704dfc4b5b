// SPDX-License-Identifier: Apache-2.0
// Everything that is found by words and expressions: the policy's own patterns and words, and the words that
// announce numbers. One database finds all of them in one pass; a pattern that is seen is then scanned for
// alone to learn where its matches begin.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "detect/checksums.h"
#include "detect/recognizers.h"
#include "detect/regex_engine.h"
#include "model/detection.h"

namespace sluice::detect {

struct OwnMatch {
  Span span;
  DataClassId data_class{};
  bool is_words = false;
};

/// What one window holds; its memory is reused.
struct OwnHits {
  std::vector<Span> ssn_words;
  std::vector<Span> phone_words;
  std::vector<OwnMatch> found;
  std::vector<RegexHit> raw;
  std::vector<RegexHit> spans;
  std::vector<std::vector<Span>> near;  // by pattern
  std::vector<std::uint8_t> seen;       // by pattern
};

class OwnPatterns {
 public:
  /// `announce`: also look for the words that announce numbers.
  [[nodiscard]] static Result<OwnPatterns> compile(std::span<const DataClassSpec> classes, bool announce);
  /// Whether compile() would take this pattern.
  [[nodiscard]] static Result<> try_pattern(const PatternSpec& spec);
  void scan(std::string_view text, OwnHits& hits) const;

 private:
  enum class Role : std::uint8_t { ssn_word, phone_word, near_word, words, pattern };
  struct Entry {  // one expression of the common database
    Role role{};
    std::size_t index = 0;  // pattern, or place in phrases_
    std::string word;       // lower case, single spaces
  };
  struct Pattern {
    DataClassId data_class{};
    RegexDatabase begins;
    const Check* check = nullptr;
    bool needs_near = false;
  };

  void add_word(Role role, std::size_t index, std::string_view word);
  [[nodiscard]] Result<> add_pattern(DataClassId data_class, const PatternSpec& spec);
  void take_hit(std::string_view text, const RegexHit& hit, OwnHits& hits) const;
  void find_pattern(std::string_view text, std::size_t index, OwnHits& hits) const;

  std::vector<Expression> expressions_;
  std::vector<Entry> entries_;
  std::vector<Pattern> patterns_;
  RegexDatabase common_;
  RegexScratch scratch_;
};

/// The check of that name, or nullptr.
[[nodiscard]] const Check* find_check(std::string_view name);

}  // namespace sluice::detect
