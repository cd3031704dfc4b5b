// SPDX-License-Identifier: Apache-2.0
#include "detect/fingerprint.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>

namespace sluice::detect {

void Fingerprinter::Free::operator()(evp_mac_ctx_st* context) const { EVP_MAC_CTX_free(context); }

Result<Fingerprinter> Fingerprinter::create(const FingerprintKey& key) {
  EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  Fingerprinter result;
  result.context_.reset(EVP_MAC_CTX_new(mac));  // null in, null out
  EVP_MAC_free(mac);
  std::array<char, 7> digest{"SHA256"};
  const std::array params{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
                          OSSL_PARAM_construct_end()};
  if (!result.context_ || EVP_MAC_init(result.context_.get(), key.data(), key.size(), params.data()) != 1)
    return fail("set up HMAC-SHA256 for fingerprints");
  return result;
}

Fingerprint Fingerprinter::of(const MatchedText& normalised) const {
  const std::string_view value = normalised.reveal();
  std::array<std::uint8_t, 32> mac{};
  std::size_t size = 0;
  // Without a key init() starts over with the one it has. A hash of memory does not fail, and a made-up
  // fingerprint would merge values that differ.
  if (EVP_MAC_init(context_.get(), nullptr, 0, nullptr) != 1 ||
      EVP_MAC_update(context_.get(), reinterpret_cast<const unsigned char*>(value.data()), value.size()) !=
          1 ||
      EVP_MAC_final(context_.get(), mac.data(), &size, mac.size()) != 1)
    std::abort();
  std::uint64_t first = 0;
  for (std::size_t i = 0; i < 8; ++i) first = first << 8 | mac[i];
  return Fingerprint{first};
}

}  // namespace sluice::detect
