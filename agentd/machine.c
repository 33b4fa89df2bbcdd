// SPDX-License-Identifier: ISC
//
// The machine's own word about itself. Contract in machine.h.
#include "agentd/machine.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>
#include "proto/auditline.h"
#include "proto/names.h"

// Its first line; "" where there is none.
static void
read_id(char *out, size_t size)
{
	int fd = open("/etc/machine-id", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = fd >= 0 ? read(fd, out, size - 1) : 0;

	if (fd >= 0)
		close(fd);
	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

bool
hs_machine_id(uint8_t out[static 32])
{
	char id[128], text[sizeof id + sizeof HS_NS_AUDIT + 1];
	int n;

	read_id(id, sizeof id);
	if (id[0] == '\0' && gethostname(id, sizeof id - 1) != 0)
		return false;
	id[sizeof id - 1] = '\0';
	n = snprintf(text, sizeof text, "%s\n%s", HS_NS_AUDIT, id);
	return id[0] != '\0' && n > 0 &&
	       hs_auditline_hash((struct hs_str){(uint8_t *)text, (size_t)n}, out) == HS_OK;
}

const char *
hs_machine_clock(void)
{
	struct timex t = {0};

	return adjtimex(&t) >= 0 && (t.status & STA_UNSYNC) == 0 ? "synchronised"
								 : "unsynchronised";
}
