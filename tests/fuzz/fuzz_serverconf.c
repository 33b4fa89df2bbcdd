// SPDX-License-Identifier: ISC
//
// Any bytes as verify.conf: names that a scope could say and lengths within bounds, or an
// error with its place and defaults that admit nobody.
#include <stdlib.h>
#include <string.h>
#include "proto/scope.h"
#include "proto/serverconf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_server_conf c;
	struct hs_err err = {0};
	int rc = hs_server_conf_parse((struct hs_str){data, size}, &c, &err);

	must(rc == (int)err.code && (rc == HS_OK || rc == HS_ERR_CONFIG));
	must(c.nhostnames <= HS_HOSTNAMES_MAX);
	must(c.max_grant > 0 && c.max_grant <= HS_TTL_MAX);
	must(c.max_delegation > 0 && c.max_delegation <= HS_TTL_MAX);
	if (rc != HS_OK) {
		must(err.line > 0 && err.column > 0 && err.text[0] != '\0');
		must(c.nhostnames == 0 && !c.require_uv && !c.port_forwarding);
		must(c.revocations[0] == '\0' && !c.lists_optional);
	}
	must(c.nnamespaces <= HS_NAMESPACES_MAX && (rc == HS_OK || c.nnamespaces == 0));
	for (size_t i = 0; i < c.nnamespaces; i++) {
		struct hs_str ns = hs_str_c(c.namespaces[i]);

		must(hs_scope_value_under(HS_KEY_NS, ns, ns) && hs_server_takes(&c, ns));
	}
	must(c.lists_fresh > 0 && c.lists_fresh <= HS_TTL_MAX);
	must(c.revocations[0] == '\0' || c.revocations[0] == '/');
	for (size_t i = 0; i < c.nhostnames; i++) {
		struct hs_str name = hs_str_c(c.hostnames[i]);

		// a value of the scope language, and no pattern
		must(hs_scope_value_under(HS_KEY_HOST, name, name));
		must(memchr(name.p, '*', name.len) == NULL);
	}
	return 0;
}
