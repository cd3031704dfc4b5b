// SPDX-License-Identifier: Apache-2.0
#include "pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <set>
#include <utility>
#include <variant>

#include "policy/decide.h"

namespace sluice {
namespace {

/// Distinct values remembered a data class and flow; beyond it the count only says "at least".
constexpr std::size_t kMaxValues = 4096;

/// What was found of one data class in one flow.
struct Tally {
  std::set<Fingerprint> values;
  std::vector<std::string> masked;
  std::vector<Fingerprint> samples;
  std::vector<std::string> detectors;
  std::string location;
  bool fresh = false;  // grew with the record in hand

  void add(const Match& match, std::string_view where) {
    fresh = true;
    location = where;
    if (std::ranges::find(detectors, match.detector) == detectors.end())
      detectors.emplace_back(match.detector);
    if (values.size() >= kMaxValues || !values.insert(match.fingerprint).second) return;
    if (masked.size() >= Finding::kMaxSamples) return;
    masked.push_back(match.masked);
    samples.push_back(match.fingerprint);
  }
};

/// Starts of one process: an owner that was found in /proc has the resolution of a clock tick.
bool same_start(const Owner& a, const Owner& b) {
  constexpr std::uint64_t kTickNs = 10'000'000;
  return a.start_ns / kTickNs == b.start_ns / kTickNs;
}

std::unique_ptr<decode::Decoder> choose_decoder(Bytes first) {
  for (const decode::DecoderEntry& entry : decode::decoders())
    if (entry.sniff(first) == decode::Sniff::yes) return entry.create();
  return decode::decoders().back().create();
}

}  // namespace

struct Pipeline::Flow {
  FlowFacts facts;
  Sender sender;
  Destination destination;
  FlowState state = FlowState::watched;  // as last ruled
  stream::Reassembler stream;
  std::unique_ptr<decode::Decoder> decoder;
  std::map<std::uint32_t, detect::ScanState> scans;  // by part of the content
  std::map<DataClassId, Tally> tallies;
  LedgerEntry ledger;
  std::string_view done;    // how it was ended, once it is blocked
  bool left_trust = false;  // the next gap are bytes that passed while the flow was trusted
};

/// Takes decoded content of one record to the detectors.
class Pipeline::Scanner final : public decode::ContentSink {
 public:
  Scanner(const detect::DetectorSet& detectors, Flow& flow, std::vector<Match>& scratch)
      : detectors_{detectors}, flow_{flow}, matches_{scratch} {}

  void content(const Content& piece) override {
    matches_.clear();
    detectors_.scan(flow_.scans[piece.part], piece, matches_);
    for (const Match& match : matches_) flow_.tallies[match.data_class].add(match, piece.location);
    found_ += matches_.size();
  }
  void part_gap(std::uint32_t part) override { flow_.scans[part].gap(); }
  void part_end(std::uint32_t part) override { flow_.scans.erase(part); }

  [[nodiscard]] std::size_t found() const { return found_; }

 private:
  const detect::DetectorSet& detectors_;
  Flow& flow_;
  std::vector<Match>& matches_;
  std::size_t found_ = 0;
};

Pipeline::Pipeline(Parts parts, std::shared_ptr<const ActivePolicy> active, Limits limits)
    : parts_{std::move(parts)}, limits_{limits}, active_{std::move(active)} {}
Pipeline::~Pipeline() = default;

void Pipeline::handle(const Event& event) {
  ++counters_.records;
  std::visit([this](const auto& e) { on(e); }, event);
}

void Pipeline::flush() { parts_.enforcer.flush(); }

void Pipeline::on(const FlowOpened& event) { find_flow(event.flow); }

void Pipeline::on(const PayloadSent& event) {
  Flow* flow = find_flow(event.flow);
  if (flow == nullptr) return overflow(event);
  if (flow->state == FlowState::blocked) return;  // captured before the verdict; the gate refuses it
  inspect(*flow, event);
  judge(*flow);
  if (flow->state != FlowState::blocked) release(*flow, event);
}

/// The table is full: nothing can be remembered of this flow. Open lets it go unread, closed leaves it
/// refused; TCP then tries again until there is room.
void Pipeline::overflow(const PayloadSent& event) {
  const bool open =
      active_->mode == Mode::observe || active_->policy->failure.overload == policy::OnFailure::open;
  if (!open) return;
  counters_.bytes_uninspected += event.written;
  if (!event.held) return;
  if (event.flow.is_datagram()) {
    parts_.enforcer.resend(event.flow, event.payload);
    return;
  }
  parts_.enforcer.set_state(event.flow, FlowState::watched);
  parts_.enforcer.clear(event.flow, event.pos + event.written);
}

void Pipeline::on(const FlowClosed& event) {
  // A datagram socket has a flow a peer: all of them end with it.
  auto at = flows_.lower_bound(FlowKey{.cookie = event.cookie, .peer = {}});
  while (at != flows_.end() && at->first.cookie == event.cookie) {
    const bool same = event.datagram || at->second->facts.epoch == event.epoch;
    if (same) parts_.enforcer.forget(at->second->facts);
    at = same ? erase(at) : std::next(at);
  }
}

void Pipeline::on(const ConnectDenied& event) {
  const policy::Policy& policy = *active_->policy;
  if (event.rule >= policy.connections.size()) return;  // told under a policy that was replaced since
  Flow flow{.facts = event.flow,
            .sender = parts_.processes.resolve(event.flow.owner),
            .destination = {.endpoint = event.flow.remote, .name = {}},
            .stream = {},
            .decoder = nullptr,
            .scans = {},
            .tallies = {},
            .ledger = {}};
  Decision decision =
      policy::decide_connection(policy.connections[event.rule], event.refused ? Mode::enforce : Mode::observe,
                                flow.sender, flow.destination);
  Finding finding = make_finding(flow, std::move(decision));
  finding.kind = FindingKind::connection;
  parts_.report(std::move(finding));
}

void Pipeline::on(const ProcessStarted& event) {
  parts_.processes.on(event);
  // The image behind open flows changed: another sender from here on.
  if (!flows_of_.contains(event.process.pid)) return;
  for (auto& [key, flow] : flows_)
    if (flow->facts.owner.pid == event.process.pid && same_start(flow->facts.owner, event.process))
      classify(*flow);
}

void Pipeline::on(const ProcessExited& event) {
  parts_.processes.on(event);
  parts_.on_exit(event.pid);
}

void Pipeline::index_owner(Tgid pid, int change) {
  const auto entry = flows_of_.try_emplace(pid, 0).first;
  entry->second += change;
  if (entry->second == 0) flows_of_.erase(entry);
}

Pipeline::FlowMap::iterator Pipeline::erase(FlowMap::iterator flow) {
  index_owner(flow->second->facts.owner.pid, -1);
  return flows_.erase(flow);
}

Pipeline::Flow* Pipeline::find_flow(const FlowFacts& facts) {
  auto known = flows_.find(facts.key);
  if (known != flows_.end() && known->second->facts.epoch != facts.epoch) {
    erase(known);  // the socket connected anew
    known = flows_.end();
  }
  if (known == flows_.end()) return open_flow(facts);
  Flow& flow = *known->second;
  const Owner before = flow.facts.owner;
  const bool new_owner = facts.owner.pid != Tgid{} && before != facts.owner;
  flow.facts = facts;
  if (!new_owner) {
    flow.facts.owner = before;
    return &flow;
  }
  index_owner(before.pid, -1);
  index_owner(facts.owner.pid, 1);
  parts_.on_flow(facts);
  classify(flow);
  return &flow;
}

Pipeline::Flow* Pipeline::open_flow(const FlowFacts& facts) {
  if (flows_.size() >= limits_.max_flows) {
    ++counters_.flows_refused;
    return nullptr;
  }
  auto flow = std::make_unique<Flow>();
  flow->facts = facts;
  if (facts.owner.pid == Tgid{})
    if (const auto owner = parts_.find_owner(facts)) flow->facts.owner = *owner;
  flow->state = facts.state;
  flow->destination = {.endpoint = facts.remote, .name = {}};
  Flow& opened = *flows_.emplace(facts.key, std::move(flow)).first->second;
  index_owner(opened.facts.owner.pid, 1);
  parts_.on_flow(opened.facts);
  classify(opened);
  return &opened;
}

void Pipeline::classify(Flow& flow) {
  if (flow.state == FlowState::blocked) return;
  flow.sender = parts_.processes.resolve(flow.facts.owner);
  const FlowState wanted = policy::classify(*active_->policy, active_->mode, flow.sender, flow.destination);
  flow.left_trust = flow.left_trust || (flow.state == FlowState::trusted && wanted != FlowState::trusted);
  flow.state = wanted;
  parts_.enforcer.set_state(flow.facts, wanted);
}

void Pipeline::inspect(Flow& flow, const PayloadSent& event) {
  auto segment = flow.stream.feed(event.pos, event.payload, event.written);
  // A datagram is a text of its own, is captured once, and may overtake one that another thread sent before:
  // it is read whole, and not glued to the letters of the last one.
  const bool datagram = flow.facts.is_datagram();
  if (datagram)
    segment = stream::Segment{.pos = event.pos, .bytes = event.payload, .lost = segment ? segment->lost : 0};
  if (!segment) return;
  Scanner scanner{active_->detectors, flow, matches_};
  if (!flow.decoder) flow.decoder = choose_decoder(segment->bytes);
  if (datagram || segment->lost != 0) flow.decoder->gap(segment->lost, scanner);
  if (segment->lost != 0) {
    flow.ledger.sent += segment->lost;
    (std::exchange(flow.left_trust, false) ? flow.ledger.trusted : flow.ledger.uninspected) += segment->lost;
  }
  if (flow.decoder->feed(segment->bytes, scanner) != decode::DecodeStatus::ok) {
    // What no format knows is still scanned, from these bytes on.
    flow.decoder = decode::decoders().back().create();
    flow.scans.clear();
    (void)flow.decoder->feed(segment->bytes, scanner);
  }
  counters_.bytes_inspected += segment->bytes.size();
  counters_.matches += scanner.found();
  flow.ledger.inspected += segment->bytes.size();
  flow.ledger.sent += segment->bytes.size();
}

void Pipeline::judge(Flow& flow) {
  const policy::Policy& policy = *active_->policy;
  for (auto& [data_class, tally] : flow.tallies) {
    if (!std::exchange(tally.fresh, false)) continue;
    const DataClassSpec& spec = policy.data[std::to_underlying(data_class)];
    if (tally.values.size() < spec.at_least) continue;
    Decision decision =
        policy::decide(policy, active_->mode,
                       {.sender = flow.sender, .destination = flow.destination, .data_class = data_class});
    Finding finding = make_finding(flow, std::move(decision));
    finding.data_class = spec.name;
    finding.detectors = tally.detectors;
    finding.values = static_cast<std::uint32_t>(tally.values.size());
    finding.masked = tally.masked;
    finding.fingerprints = tally.samples;
    finding.location = tally.location;
    act(flow, finding);
    parts_.report(std::move(finding));
  }
}

void Pipeline::act(Flow& flow, Finding& finding) {
  if (finding.decision.verdict != Verdict::block) return;
  if (flow.state != FlowState::blocked) {
    flow.state = FlowState::blocked;
    flow.done = enforce::to_string(parts_.enforcer.block(flow.facts));
  }
  finding.flow.state = FlowState::blocked;
  finding.done = flow.done;  // a second class in the same record: the flow is ended already
}

void Pipeline::release(Flow& flow, const PayloadSent& event) {
  if (!event.held) return;
  note_hold(event);
  if (event.flow.is_datagram() && event.payload.size() == event.written)
    parts_.enforcer.resend(flow.facts, event.payload);
  else
    parts_.enforcer.clear(flow.facts, event.pos + event.written);
}

void Pipeline::note_hold(const PayloadSent& event) {
  const std::uint64_t now = parts_.clock.boottime_ns();
  const std::uint64_t held_ns = now > event.ktime_ns ? now - event.ktime_ns : 0;
  ++counters_.held_records;
  ++counters_.hold_ns_log2[std::min<std::size_t>(std::bit_width(held_ns), counters_.hold_ns_log2.size() - 1)];
  const auto limit = std::chrono::nanoseconds{active_->policy->failure.hold_limit};
  if (held_ns > static_cast<std::uint64_t>(limit.count())) ++counters_.holds_over_limit;
}

Finding Pipeline::make_finding(const Flow& flow, Decision decision) const {
  Finding finding;
  finding.first = finding.last = parts_.clock.now();
  finding.mode = active_->mode;
  finding.decision = std::move(decision);
  finding.sender = flow.sender;
  finding.destination = flow.destination;
  finding.flow = flow.facts;
  finding.flow.state = flow.state;
  finding.ledger = flow.ledger;
  finding.policy_hash = active_->policy->hash;
  return finding;
}

void Pipeline::adopt(std::shared_ptr<const ActivePolicy> active) {
  active_ = std::move(active);
  for (auto& [key, flow] : flows_) {
    flow->tallies.clear();  // data classes are numbered anew
    classify(*flow);
  }
  flush();
}

void Pipeline::drop_flow(const FlowKey& key) {
  const auto known = flows_.find(key);
  if (known == flows_.end()) return;
  parts_.enforcer.forget(known->second->facts);
  erase(known);
}

std::set<std::uint32_t> Pipeline::netns_in_use() const {
  std::set<std::uint32_t> out;
  for (const auto& [key, flow] : flows_) out.insert(flow->facts.netns);
  return out;
}

PipelineCounters Pipeline::counters() const {
  PipelineCounters out = counters_;
  for (const auto& [key, flow] : flows_) ++out.flows_by_state[std::to_underlying(flow->state)];
  return out;
}

}  // namespace sluice
