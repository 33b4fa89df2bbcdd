// SPDX-License-Identifier: ISC
//
// One signature from the ssh-agent at SSH_AUTH_SOCK (RFC 9987 section 3.6). Internal to the
// client.
#ifndef HS_LIBHANDSEAL_SSHAGENT_H
#define HS_LIBHANDSEAL_SSHAGENT_H

#include "proto/key.h"

#define HS_SSHAGENT_SECONDS 60 // the agent may ask its user first (ssh-add -c)

// Appends an SSH signature blob by key over data, verified. HS_NO_SUCH: no agent;
// HS_NO_PROOF: the agent does not have the key, or would not sign; HS_ERR_CRYPTO: the
// signature is not good; else as hs_conn_exchange.
int hs_sshagent_sign(
    const struct hs_key *key, struct hs_str data, struct hs_buf *sig, struct hs_err *err);

// Takes an agent's answer to a signing request apart. HS_NO_PROOF: it says no.
int hs_sshagent_parse(struct hs_str body, struct hs_str *sig);

#endif
