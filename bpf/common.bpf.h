/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What every program includes, in this order. */
#pragma once

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/abi.h"

#define ETH_P_IP	 0x0800
#define ETH_P_IPV6	 0x86dd
#define SOCKET_RAW	 3 /* SOCK_RAW */
#define LOOPBACK_IFINDEX 1 /* in every network namespace */

#include "bpf/maps.bpf.h"
#include "bpf/knobs.bpf.h"
#include "bpf/event.bpf.h"
#include "bpf/task.bpf.h"
