// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* One instance of every struct of abi.h, so that the object's BTF holds them all; never loaded. */
#include "vmlinux.h"

#include "bpf/abi.h"

struct event_header an_event_header;
struct owner an_owner;
struct flow_key an_flow_key;
struct flow an_flow;
struct flow_record an_flow_record;
struct flow_opened_event an_flow_opened_event;
struct payload_event an_payload_event;
struct flow_closed_event an_flow_closed_event;
struct connect_denied_event an_connect_denied_event;
struct exec_event an_exec_event;
struct exit_event an_exit_event;
struct bank an_bank;
struct control an_control;
struct denied_key an_denied_key;
struct denied_value an_denied_value;
struct ruling an_ruling;
struct rulings an_rulings;
