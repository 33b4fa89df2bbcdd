// SPDX-License-Identifier: ISC
//
// Fuzzes the chain check with what a hostile client can send: a certificate in any bytes,
// at any time, for any user, on a server that trusts the example's root. Two bytes choose
// the time and the request. Nothing may be admitted but the example itself; the line for it
// must be one line.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MADE                                                                               \
	1795485600u // docs/PROTOCOL.certs, "Examples": its root, and both of its
		    // certificates

static const char roots_text[] = "direct,users=\"deploy,web\" sk-ssh-ed25519@openssh.com "
				 "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAICVDuS/"
				 "xCVURR2rcg2nbbdyTNmWhGXjdoUBO4QZsqVWd"
				 "AAAADHNzaDpoYW5kc2VhbA== example\n";

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
check_line(const struct hs_verdict *v, const struct hs_server_conf *conf)
{
	struct hs_buf line = {0};
	struct hs_err err = {0};

	if (hs_chain_put_line(&line, v, conf, "/usr/libexec/handseal-shell", &err) == HS_OK)
		must(line.len > 0 &&
		     memchr(line.p, '\n', line.len) == line.p + line.len - 1);
	hs_buf_free(&line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint32_t offsets[] = {0, 500, 600, 700, 899, 900, 1500, 14400};
	static const char *const users[] = {"deploy", "web", "root", ""};
	static struct hs_verdict v;
	static struct hs_server_conf conf;
	struct hs_roots roots = {0};
	struct hs_request req = {0};
	struct hs_chain_input in = {.roots = &roots, .server = &conf};

	if (len < 2)
		return 0;
	must(hs_roots_parse(hs_str_c(roots_text), &roots, NULL, NULL) == HS_OK);
	must(hs_server_conf_parse(hs_str_c("HostName web1.example.com\n"), &conf, NULL) ==
	     HS_OK);
	in.now = MADE + offsets[data[0] % 8];
	in.cert = (struct hs_str){data + 2, len - 2};
	req.user = hs_str_c(users[data[1] % 4]);
	req.kind = HS_REQ_LOGIN;
	in.request = (data[1] & 0x80) != 0 ? NULL : &req;
	if (hs_chain_check(&in, &v) == HS_OK) {
		must(v.root != NULL && v.effective != NULL && v.end > in.now);
		must(hs_scope_under(
		    v.effective, v.direct ? v.direct_cert.scope : v.delegation.scope));
		if (in.request != NULL)
			check_line(&v, &conf);
	} else {
		must(v.effective == NULL && v.err.code == v.code);
	}
	hs_verdict_free(&v);
	hs_roots_free(&roots);
	return 0;
}
