// SPDX-License-Identifier: ISC
//
// The end of an asking: recorded, acted upon, and told, in this order (rule 4). Its life
// before that is touch.c's.
#ifndef HS_AGENTD_OUTCOME_H
#define HS_AGENTD_OUTCOME_H

#include "agentd/asking.h"

// t->held or t->why says how it ended. From here on it goes by itself: the session is
// opened or grows, a certificate is issued, all is recorded, whoever waits is told.
void hs_outcome_judge(struct hs_touch *t);

#endif
