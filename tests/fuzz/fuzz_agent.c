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

// decoded_NAME: what decodes as a NAME is put again as it came.
#define BODY(name, type)                                                                   \
	static void decoded_##name(struct hs_str in)                                       \
	{                                                                                  \
		struct type m;                                                             \
		struct hs_buf again = {0};                                                 \
		struct hs_rd r = hs_rd_of(in);                                             \
		if (hs_agent_##name##_get(&r, &m) == HS_OK) {                              \
			hs_agent_##name##_put(&again, &m);                                 \
			same(&again, (struct hs_str){in.p, in.len - r.left});              \
		}                                                                          \
	}
BODY(open, hs_agent_open)
BODY(asked, hs_agent_asked)
BODY(pending, hs_agent_pending)
BODY(opened, hs_agent_opened)
BODY(request, hs_agent_request)
BODY(issued, hs_agent_issued)
BODY(list, hs_agent_list)
BODY(item, hs_agent_item)
BODY(status, hs_agent_status_info)
BODY(closed, hs_agent_closed)
BODY(waiting, hs_agent_waiting)
BODY(answer, hs_agent_answer)
BODY(events, hs_agent_events)
BODY(event, hs_agent_event)
BODY(policy, hs_agent_policy)
BODY(policy_info, hs_agent_policy_info)
BODY(explained, hs_agent_explained)
BODY(told, hs_agent_told)
BODY(seat, hs_agent_seat)
BODY(seated, hs_agent_seated)
BODY(unseated, hs_agent_unseated)
BODY(seat_item, hs_agent_seat_item)
BODY(why, hs_agent_why)
BODY(reasons, hs_agent_reasons)
BODY(revoke, hs_agent_revoke)
BODY(revoked, hs_agent_revoked)

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
	struct hs_str event;
	struct hs_buf b = {0};
	uint64_t seq;

	if (in.len > 65536)
		return;
	hs_auditline_put(&b, &r);
	must(hs_buf_err(&b) == HS_OK);
	must(hs_auditline_parse(hs_buf_str(&b), &seq, prev) == HS_OK && seq == 7);
	must(hs_auditline_stamp(hs_buf_str(&b), &seq, &event) == HS_OK &&
	     hs_str_is(event, "refuse"));
	hs_buf_free(&b);
	if (hs_auditline_stamp(in, &seq, &event) == HS_OK)
		must(hs_auditline_parse(in, &seq, prev) == HS_OK);
	(void)hs_auditline_parse(in, &seq, prev);
}

// The order is the corpus's.
static void (*const decoders[])(struct hs_str in) = {
    frames,
    reply,
    decoded_open,
    decoded_asked,
    decoded_pending,
    decoded_opened,
    decoded_request,
    decoded_issued,
    decoded_list,
    decoded_item,
    decoded_status,
    decoded_closed,
    decoded_waiting,
    decoded_answer,
    decoded_events,
    decoded_event,
    decoded_policy,
    decoded_policy_info,
    decoded_explained,
    logged,
    decoded_told,
    decoded_seat,
    decoded_seated,
    decoded_unseated,
    decoded_seat_item,
    decoded_why,
    decoded_reasons,
    decoded_revoke,
    decoded_revoked,
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len > 0)
		decoders[data[0] % (sizeof decoders / sizeof *decoders)](
		    (struct hs_str){data + 1, len - 1});
	return 0;
}
