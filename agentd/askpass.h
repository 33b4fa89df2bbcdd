// SPDX-License-Identifier: ISC
//
// One run of the askpass program, and the notice that follows it. Its end is an answer;
// what it prints goes nowhere, or, a PIN, to whoever holds the other end of the pipe.
#ifndef HS_AGENTD_ASKPASS_H
#define HS_AGENTD_ASKPASS_H

#include "agentd/prompt.h"
#include "agentd/prompt_env.h"

struct hs_askpass;

struct hs_askpass_texts {
	const char *code;   // for the log
	const char *ask;    // what it asks
	const char *notice; // what stays afterwards
};

// env must outlive it; texts are copied. HS_ERR_IO with a sentence, HS_ERR_NOMEM.
int hs_askpass_start(uv_loop_t *loop, const struct hs_prompt_env *env,
    const struct hs_askpass_texts *t, bool pin, hs_prompt_cb *answer, void *arg,
    struct hs_askpass **out, struct hs_err *err);
int hs_askpass_pin_fd(struct hs_askpass *a); // hs_prompt_pin_fd
void hs_askpass_end(struct hs_askpass **a);  // no answer comes any more; NULL is fine

#endif
