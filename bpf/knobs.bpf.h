/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Memory that the daemon shares with every program; mapped into the daemon through the skeleton. */
#pragma once

struct control control __weak = {};

/* Written by the daemon before it runs rule_flows. One thread of the daemon rules. */
struct rulings rulings __weak = {};

/* The active bank, read once a packet. */
static __always_inline const struct bank *active_bank(void)
{
	return &control.banks[control.bank & 1];
}
