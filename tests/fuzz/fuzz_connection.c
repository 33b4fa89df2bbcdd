// SPDX-License-Identifier: ISC
//
// Any bytes as sshd's %C: what comes out lies inside, and no blank or control character is
// in it.
#include <stdlib.h>
#include "proto/connection.h"
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_str client = {0};

	if (hs_connection_client((struct hs_str){data, size}, &client) != HS_OK)
		return 0;
	if (client.p < data || client.p + client.len > data + size ||
	    !hs_text_shown(client, NULL))
		abort();
	for (size_t i = 0; i < client.len; i++)
		if (client.p[i] == ' ' || client.p[i] == '%')
			abort();
	return 0;
}
