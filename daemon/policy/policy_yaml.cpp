// SPDX-License-Identifier: Apache-2.0
// All files are read to trees first, then section by section over all files: a flow may use what a later file
// defines.
#include "policy/policy_yaml.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "policy/policy_yaml_reader.h"

namespace sluice::policy {
namespace {

constexpr std::size_t kMaxFiles = 256;

struct Section {
  std::string_view key;
  void (*read)(Loading&, const YamlNode&);
};
/// In the order of reading: what is referred to comes before what refers.
constexpr std::array kSections{
    Section{"version", read_version},       Section{"mode", read_mode},
    Section{"failure", read_failure},       Section{"data", read_data},
    Section{"senders", read_senders},       Section{"destinations", read_destinations},
    Section{"flows", read_flows},           Section{"connections", read_connections},
    Section{"violations", read_violations}, Section{"tests", read_tests},
};

constexpr std::array kLater{
    LaterKey{"suppress", "suppressions"},   LaterKey{"consent", "consent checks"},
    LaterKey{"include", "including files"}, LaterKey{"lists", "destination lists in files"},
    LaterKey{"alerts", "alert routing"},
};

/// SHA-256 of the texts one after the other, so that `cat FILES | sha256sum` tells the same.
std::string hash_of(std::span<const PolicyText> texts) {
  constexpr std::size_t kShownBytes = 6;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  bool fine = context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  for (const PolicyText& text : texts)
    fine = fine && EVP_DigestUpdate(context.get(), text.text.data(), text.text.size()) == 1;
  if (!fine || EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1) return {};
  std::string out;
  for (std::size_t i = 0; i < kShownBytes; ++i) out += fmt::format("{:02x}", digest[i]);
  return out;
}

std::vector<YamlNode> read_trees(Loading& loading) {
  std::vector<YamlNode> roots;
  for (std::uint32_t file = 0; file < loading.texts.size(); ++file) {
    YamlTree tree = read_yaml(loading.texts[file].text, file);
    for (YamlMistake& mistake : tree.mistakes) loading.error(mistake.place, std::move(mistake.message));
    loading.complete = loading.complete && tree.complete;
    roots.push_back(tree.complete ? std::move(tree.root) : YamlNode{.place = {file, 0, 0}});
    if (tree.complete && roots.back().kind == YamlNode::Kind::null)
      loading.error({file, 0, 0}, "empty policy file; the least is 'version: 1'");
  }
  return roots;
}

/// Keys of the top level of one file.
void check_top(Loading& loading, const YamlNode& root) {
  if (root.kind == YamlNode::Kind::null) return;  // told already
  if (!is_map(loading, root, "a policy")) return;
  std::vector<std::string_view> known;
  known.reserve(kSections.size());
  for (const Section& section : kSections) known.push_back(section.key);
  for (const YamlEntry& entry : root.entries) {
    if (std::ranges::find(known, entry.key.text) == known.end())
      unknown_key(loading, entry.key, "a policy", known, kLater);
    else if (entry.value.kind == YamlNode::Kind::null)
      loading.error(entry.key.place, fmt::format("'{}' has no value", entry.key.text));
  }
  if (find_key(root, "version") == nullptr)
    loading.error(root.place, "no 'version'; a policy file begins with 'version: 1'");
}

}  // namespace

LoadedPolicy load_policy(std::span<const PolicyText> texts, const Vocabulary& vocabulary) {
  Loading loading{.vocabulary = vocabulary, .texts = texts.first(std::min(texts.size(), kMaxFiles))};
  if (texts.empty()) loading.error({}, "no policy file");
  if (texts.size() > kMaxFiles) loading.error({}, fmt::format("more than {} policy files", kMaxFiles));
  const std::vector<YamlNode> roots = read_trees(loading);
  for (const YamlNode& root : roots) check_top(loading, root);
  for (const Section& section : kSections)
    for (const YamlNode& root : roots)
      if (const YamlNode* node = find_key(root, section.key); node && node->kind != YamlNode::Kind::null)
        section.read(loading, *node);
  check_whole(loading);
  loading.policy.hash = hash_of(texts);

  LoadedPolicy out{.policy = nullptr, .diagnostics = loading.mistakes.told(loading.texts)};
  if (!loading.mistakes.any_error()) out.policy = std::make_shared<const Policy>(std::move(loading.policy));
  return out;
}

}  // namespace sluice::policy
