// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/result.h"
#include "base/sensitive.h"
#include "detect/detector_set.h"
#include "model/detection.h"

struct evp_mac_ctx_st;

namespace sluice::detect {

/// HMAC-SHA256 with one key, set up once. One thread at a time.
class Fingerprinter {
 public:
  [[nodiscard]] static Result<Fingerprinter> create(const FingerprintKey& key);
  [[nodiscard]] Fingerprint of(const MatchedText& normalised) const;

 private:
  struct Free {
    void operator()(evp_mac_ctx_st* context) const;
  };
  std::unique_ptr<evp_mac_ctx_st, Free> context_;
};

}  // namespace sluice::detect
