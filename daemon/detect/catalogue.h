// SPDX-License-Identifier: Apache-2.0
// Every built-in detector, one row each.
#pragma once

#include <span>

#include "detect/detector_set.h"
#include "detect/mask.h"
#include "detect/recognizers.h"

namespace sluice::detect {

struct Detector {
  CatalogueEntry entry;
  void (*find)(const Window&, std::vector<Span>&);
  ValueForm form;
  bool needs_words = false;  // words that announce a number
};

[[nodiscard]] std::span<const Detector> detectors();

}  // namespace sluice::detect
