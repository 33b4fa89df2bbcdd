// SPDX-License-Identifier: ISC
//
// Fuzzes what arrives on an agent socket, from both sides: frames, every extension's body,
// every reply. The first byte chooses the decoder; what decodes must come back the same.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/agent.h"
#include "proto/auditline.h"
#include "proto/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
same(struct hs_buf *again, struct hs_str in)
{
	must(hs_buf_err(again) == HS_OK && hs_str_eq(hs_buf_str(again), in));
	hs_buf_free(again);
}

#define BODY(name, type)                                                                   \
	do {                                                                               \
		struct type m;                                                             \
		struct hs_buf again = {0};                                                 \
		struct hs_rd r = hs_rd_of(in);                                             \
		if (hs_agent_##name##_get(&r, &m) == HS_OK) {                              \
			hs_agent_##name##_put(&again, &m);                                 \
			same(&again, (struct hs_str){in.p, in.len - r.left});              \
		}                                                                          \
	} while (0)

static void
frames(struct hs_str in)
{
	struct hs_str body;
	size_t used;

	while (hs_agent_frame(in, &body, &used) == HS_OK) {
		must(used >= 5 && used <= in.len && body.len == used - 4);
		in.p += used;
		in.len -= used;
	}
}

static void
reply(struct hs_str in)
{
	struct hs_agent_refusal refusal = {0};
	enum hs_agent_status status;
	struct hs_buf again = {0};
	struct hs_rd r;

	if (hs_agent_parse_reply(in, HS_EXT_REQUEST, &status, &r, &refusal) != HS_OK)
		return;
	if (status == HS_AGENT_REFUSED) {
		hs_agent_put_refusal(&again, HS_EXT_REQUEST, &refusal);
	} else {
		size_t mark = hs_agent_reply_begin(&again, HS_EXT_REQUEST, status);

		hs_put_raw(&again, r.p, r.left);
		hs_agent_frame_end(&again, mark);
	}
	must(hs_buf_err(&again) == HS_OK &&
	     hs_str_eq((struct hs_str){again.p + 4, again.len - 4}, in));
	hs_buf_free(&again);
}

// What a client sends must never make more than one line of the log.
static void
logged(struct hs_str in)
{
	struct hs_audit_record r = {.seq = 7, .event = "refuse", .sentence = in, .exe = in};
	uint8_t prev[HS_AUDIT_HASH];
	struct hs_buf b = {0};
	uint64_t seq;

	if (in.len > 65536)
		return;
	hs_auditline_put(&b, &r);
	must(hs_buf_err(&b) == HS_OK);
	must(hs_auditline_parse(hs_buf_str(&b), &seq, prev) == HS_OK && seq == 7);
	hs_buf_free(&b);
	(void)hs_auditline_parse(in, &seq, prev);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct hs_str in = {data + 1, len - 1};

	if (len == 0)
		return 0;
	switch (data[0] % 27) {
	case 0:
		frames(in);
		break;
	case 1:
		reply(in);
		break;
	case 2:
		BODY(open, hs_agent_open);
		break;
	case 3:
		BODY(asked, hs_agent_asked);
		break;
	case 4:
		BODY(pending, hs_agent_pending);
		break;
	case 5:
		BODY(opened, hs_agent_opened);
		break;
	case 6:
		BODY(request, hs_agent_request);
		break;
	case 7:
		BODY(issued, hs_agent_issued);
		break;
	case 8:
		BODY(list, hs_agent_list);
		break;
	case 9:
		BODY(item, hs_agent_item);
		break;
	case 10:
		BODY(status, hs_agent_status_info);
		break;
	case 11:
		BODY(closed, hs_agent_closed);
		break;
	case 12:
		BODY(waiting, hs_agent_waiting);
		break;
	case 13:
		BODY(answer, hs_agent_answer);
		break;
	case 14:
		BODY(events, hs_agent_events);
		break;
	case 15:
		BODY(event, hs_agent_event);
		break;
	case 16:
		BODY(policy, hs_agent_policy);
		break;
	case 17:
		BODY(policy_info, hs_agent_policy_info);
		break;
	case 18:
		BODY(explained, hs_agent_explained);
		break;
	case 19:
		logged(in);
		break;
	case 20:
		BODY(told, hs_agent_told);
		break;
	case 21:
		BODY(seat, hs_agent_seat);
		break;
	case 22:
		BODY(seated, hs_agent_seated);
		break;
	case 23:
		BODY(unseated, hs_agent_unseated);
		break;
	case 24:
		BODY(seat_item, hs_agent_seat_item);
		break;
	case 25:
		BODY(why, hs_agent_why);
		break;
	default:
		BODY(reasons, hs_agent_reasons);
	}
	return 0;
}
