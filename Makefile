# SPDX-License-Identifier: ISC
#
# The whole build, in one file. What exists is built: a program without sources is left out.
# Settings: CC, B (build folder), SAN=1 (address, undefined, leak), V=1 (show commands), PREFIX,
# DESTDIR, LIBEXECDIR, LIBDIR, INCLUDEDIR, SYSCONFDIR, JOBS, TESTJOBS, FUZZ_SECONDS, TESTS (for check: which test programs).
VERSION      := 0.1.0
B            ?= build
PREFIX       ?= /usr/local
LIBEXECDIR   ?= $(PREFIX)/libexec
LIBDIR       ?= $(PREFIX)/lib
INCLUDEDIR   ?= $(PREFIX)/include
SYSCONFDIR   ?= /etc
JOBS         ?= $(shell nproc 2>/dev/null || echo 1)
# most tests wait for something most of the time
TESTJOBS     ?= $(shell expr $(JOBS) \* 2)
FUZZ_SECONDS ?= 20
SILENT       := $(findstring s,$(firstword -$(MAKEFLAGS)))
Q            := $(if $(V),,@)
note          = $(if $(V)$(SILENT),:,echo "  $(1)")
MAKEFLAGS    += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:

# ---- what there is
PROTO     := $(wildcard proto/*.c)
AGENTD    := $(wildcard agentd/*.c)
SKHELPER  := $(wildcard agentd/sk-helper/*.c)
KHHELPER  := $(wildcard agentd/known-hosts/*.c)
HARDENED  := agentd/sk-helper/sandbox.c agentd/sk-helper/stdio.c
CLIENT    := $(wildcard client/handseal/*.c)
LIBCLIENT := $(wildcard client/libhandseal/*.c)
EXAMPLES  := $(wildcard client/example/*.c)
SHELLC    := $(wildcard client/verify/shell*.c)
VERIFY    := $(filter-out $(SHELLC),$(wildcard client/verify/*.c))
VERIFYLIB := $(wildcard client/verify/lib/*.c)
SOFTCTL   := $(wildcard tests/softkey/softkey_ctl.c)
SOFTKEY   := $(filter-out $(SOFTCTL),$(wildcard tests/softkey/*.c))
TESTLIB   := $(wildcard tests/lib/*.c)
UNIT      := $(wildcard tests/unit/test_*.c)
FUZZERS   := $(wildcard tests/fuzz/fuzz_*.c)
E2EPROGS  := $(wildcard tests/e2e/*.c)
PRELOADS  := $(wildcard tests/preload/*.c)
BENCHES   := $(wildcard tests/bench/*.c)
ALL_C     := $(PROTO) $(AGENTD) $(SKHELPER) $(KHHELPER) $(CLIENT) $(LIBCLIENT) $(SHELLC) $(VERIFY) $(VERIFYLIB) \
	$(EXAMPLES) $(SOFTCTL) $(SOFTKEY) $(TESTLIB) $(UNIT) $(FUZZERS) $(E2EPROGS) $(PRELOADS) $(BENCHES) tests/fuzz/replay.c
obj        = $(patsubst %.c,$(B)/%.o,$(1))
bin        = $(patsubst %.c,$(B)/%,$(1))
so         = $(patsubst %.c,$(B)/%.so,$(1))

# ---- flags; the hardening ones are asked of the compiler once and kept in the build folder
CPPFLAGS += -I. -D_GNU_SOURCE
DEFS     := -DHS_VERSION='"$(VERSION)"' -DHS_LIBEXECDIR='"$(LIBEXECDIR)"' \
	-DHS_SYSCONFDIR='"$(SYSCONFDIR)"'
WARN     := -Wall -Wextra -Wshadow -Wconversion -Wvla -Wformat=2 -Werror
PROBE    := -fstack-protector-strong -fstack-clash-protection -fcf-protection \
	-fzero-call-used-regs=used-gpr -ftrivial-auto-var-init=zero
ifneq ($(FUZZ),)
MODE     := -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all
else ifneq ($(SAN),)
MODE     := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined,leak -fno-sanitize-recover=all
else
MODE     := -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
PROBE    += -ftrapv
endif
PROBED   := $(B)/probed-$(notdir $(firstword $(CC))).mk
ifneq ($(MAKECMDGOALS),clean)
include $(PROBED)
endif
FLAGS     = -std=c11 -g $(MODE) $(WARN) $(HARDEN) -fPIC -fno-semantic-interposition $(CFLAGS)
LINK      = -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed $(LDFLAGS)
ifneq ($(MAKECMDGOALS),clean)
# A change of flags or paths rebuilds.
FLAGS_NOW := $(strip $(CC) $(CPPFLAGS) $(DEFS) $(FLAGS) $(LINK))
ifneq ($(FLAGS_NOW),$(file <$(B)/flags))
$(shell mkdir -p $(B))
$(file >$(B)/flags,$(FLAGS_NOW))
endif
endif

.PHONY: all tests check check-asan lint fuzz fuzz-run bench demo demo-programs install install-units uninstall \
	install-server uninstall-server check-server clean
all:

$(PROBED): Makefile
	@mkdir -p $(@D)
	@for f in $(PROBE); do \
		echo 'int main(void) { return 0; }' | $(CC) -Werror $$f -S -x c -o - - >/dev/null 2>&1 && \
		echo "HARDEN += $$f"; done >$@; true

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D) && $(call note,CC $<)
	$(Q)$(CC) $(CPPFLAGS) $(DEFS) $(FLAGS) -MMD -MP -c -o $@ $<
$(B)/flags: ;
# What goes to servers: the paths there, and the script, which is built in.
$(B)/client/handseal/server_%.o: DEFS += -DHS_BINDIR='"$(PREFIX)/bin"'
$(B)/client/handseal/server_script.o: client/handseal/server_remote.sh client/handseal/server_change.sh
# Without a sanitizer, also where the program that it is preloaded into has one.
$(B)/tests/preload/%.so: tests/preload/%.c $(B)/flags
	@mkdir -p $(@D) && $(call note,CC $@)
	$(Q)$(CC) $(CPPFLAGS) -std=c11 -g -O2 $(WARN) -fPIC -shared -o $@ $<

$(B)/%.a:
	@mkdir -p $(@D) && rm -f $@
	$(Q)ar rcsD $@ $^

link = $(Q)mkdir -p $(@D) && $(call note,LD $@) && $(CC) $(FLAGS) $(LINK) -o $@ \
	$(filter %.o,$^) $(filter %.a,$^)

# ---- libraries: proto/ is the product's; the others only let tests link what they test
$(B)/libhsproto.a: $(call obj,$(PROTO))
$(B)/libhstest.a:  $(call obj,$(TESTLIB))
$(B)/agentd.a:     $(call obj,$(filter-out %/main.c,$(AGENTD)))
$(B)/skhelper.a:   $(call obj,$(filter-out %/main.c,$(SKHELPER)))
$(B)/khhelper.a:   $(call obj,$(filter-out %/main.c,$(KHHELPER)))
$(B)/client.a:     $(call obj,$(filter-out %/main.c,$(CLIENT)) $(LIBCLIENT))
$(B)/verify.a:     $(call obj,$(filter-out %/main.c,$(VERIFY)) $(VERIFYLIB) $(filter-out %_main.c,$(SHELLC)))
$(B)/softkey.a:    $(call obj,$(filter-out %/main.c,$(SOFTKEY)))

# ---- programs: name, sources, libraries
define program
ifneq ($(strip $(2)),)
PROGRAMS += $(B)/$(1)
$(B)/$(1): $(call obj,$(2)) $(4) $(B)/libhsproto.a
	$$(link) $(3)
endif
endef
CRYPTO := -lsodium -lcrypto
$(eval $(call program,handseald,$(AGENTD),-luv $(CRYPTO)))
$(eval $(call program,handseal-sk-helper,$(SKHELPER),-lfido2 $(CRYPTO)))
$(eval $(call program,handseal-known-hosts,$(KHHELPER) $(if $(KHHELPER),$(HARDENED)),-lssh $(CRYPTO)))
$(eval $(call program,handseal,$(CLIENT) $(if $(CLIENT),$(LIBCLIENT)),-ljansson -lssh $(CRYPTO)))
# A server gets these two: libsodium within them, where there is an archive of it, so that they need what its sshd does.
SODIUM_A      := $(filter /%,$(shell $(CC) -print-file-name=libsodium.a))
SERVER_CRYPTO := $(if $(SODIUM_A),-l:libsodium.a -lcrypto,$(CRYPTO))
$(eval $(call program,handseal-verify,$(VERIFY) $(if $(VERIFY),$(VERIFYLIB)),$(SERVER_CRYPTO)))
$(eval $(call program,handseal-shell,$(SHELLC) $(if $(SHELLC),$(VERIFYLIB)),$(SERVER_CRYPTO)))
$(B)/handseal-verify $(B)/handseal-shell: Makefile
$(eval $(call program,softkey,$(SOFTKEY),-lcbor $(CRYPTO)))
$(eval $(call program,softkey-ctl,$(SOFTCTL),$(CRYPTO)))
all: $(B)/libhsproto.a $(PROGRAMS) $(B)/libhandseal.so

# ---- libhandseal for others: what its two headers declare, and no other name
SONAME := libhandseal.so.0
MAP    := client/libhandseal/libhandseal.map
PUBLIC := client/libhandseal/handseal.h client/libhandseal/handseal-verify.h
$(B)/$(SONAME): $(call obj,$(LIBCLIENT)) $(B)/libhsproto.a $(MAP)
	$(Q)$(call note,LD $@) && $(CC) $(FLAGS) -shared -Wl,-soname,$(SONAME),--version-script=$(MAP) \
		$(filter-out -pie,$(LINK)) -o $@ $(filter %.o,$^) $(B)/libhsproto.a $(CRYPTO)
$(B)/libhandseal.so: $(B)/$(SONAME)
	$(Q)ln -sf $(SONAME) $@

# ---- tests. test_AREA_x and fuzz_AREA_x also get AREA's archive and libraries, others only
# proto/; OBJS_<name> and EXTRA_<name> add objects and libraries to one test.
AREAS         := agentd skhelper khhelper client verify softkey
LIBS_agentd   := -luv
LIBS_skhelper := -lfido2
LIBS_khhelper := -lssh
LIBS_client   := -ljansson -lssh
LIBS_softkey  := -lcbor -lfido2
area           = $(foreach a,$(AREAS),$(if $(filter %_$(a),$(1))$(findstring _$(a)_,$(1)),$(a)))
OBJS_libctl    := $(call obj,$(LIBCLIENT))
.SECONDEXPANSION:
needs          = $$(OBJS_$$(@F)) $(B)/libhstest.a $$(foreach a,$$(call area,$$(@F)),$(B)/$$(a).a) \
	$(B)/libhsproto.a
extra          = $(foreach a,$(call area,$(@F)),$(LIBS_$(a))) $(EXTRA_$(@F))
$(B)/tests/unit/test_%: $(B)/tests/unit/test_%.o $(needs)
	$(link) $(extra) -lcmocka $(CRYPTO)
$(B)/tests/fuzz/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(if $(FUZZ),,$(B)/tests/fuzz/replay.o) $(needs)
	$(link) $(if $(FUZZ),-fsanitize=fuzzer) $(extra) $(CRYPTO)
$(B)/tests/e2e/%: $(B)/tests/e2e/%.o $(needs)
	$(link) $(extra) -lssh -luv $(CRYPTO)
$(B)/tests/bench/%: $(B)/tests/bench/%.o $(needs)
	$(link) $(extra) $(CRYPTO)
.SECONDARY: $(call obj,$(ALL_C))
-include $(patsubst %.o,%.d,$(call obj,$(ALL_C)))

TESTS ?= $(wildcard tests/e2e/*.t) $(call bin,$(UNIT) $(FUZZERS))
tests: $(call bin,$(UNIT) $(FUZZERS) $(E2EPROGS)) $(call so,$(PRELOADS))
export HS_BUILD      := $(abspath $(B))
export HS_SRC        := $(CURDIR)
export HS_LIBEXECDIR := $(LIBEXECDIR)

check: all $(filter $(B)/%,$(TESTS)) $(call bin,$(E2EPROGS)) $(call so,$(PRELOADS))
	@rm -rf $(B)/tap
	@sync # what was just built, so that no test's own syncs wait behind it
	prove -j$(TESTJOBS) --exec scripts/lib/tap-run $(TESTS)
check-asan:
	$(MAKE) B=$(B)-asan SAN=1 TESTS="$(patsubst $(B)/%,$(B)-asan/%,$(TESTS))" check
lint: all
	scripts/lint $(ALL_C)
fuzz:
	$(MAKE) CC=clang B=$(B)-fuzz FUZZ=1 fuzz-run
fuzz-run: $(call bin,$(FUZZERS))
	scripts/lib/fuzz-run $(FUZZ_SECONDS) $(JOBS) $^
bench: all $(call bin,$(BENCHES))
	@$(foreach b,$(call bin,$(BENCHES)),$(b) &&) true
demo-programs: all $(B)/tests/e2e/forgecert
demo: demo-programs
	@scripts/demo-run

# ---- install
BINS    := $(filter %/handseald %/handseal %/handseal-verify,$(PROGRAMS))
HELPERS := $(filter %/handseal-sk-helper %/handseal-known-hosts %/handseal-shell,$(PROGRAMS))
MANS    := $(wildcard docs/man/*.[158])
DOCS    := $(wildcard README.md LICENSE docs/*.md docs/PROTOCOL.*)
UNITS   := $(wildcard share/systemd/*.service share/systemd/*.socket)
bindir   = $(DESTDIR)$(PREFIX)/bin
libexec  = $(DESTDIR)$(LIBEXECDIR)
mandir   = $(DESTDIR)$(PREFIX)/share/man
libdir   = $(DESTDIR)$(LIBDIR)
incdir   = $(DESTDIR)$(INCLUDEDIR)
docdir   = $(DESTDIR)$(PREFIX)/share/doc/handseal
unitdir  = $(DESTDIR)$(PREFIX)/lib/systemd/user
install: all install-units
	install -d '$(bindir)' '$(libexec)' '$(docdir)' '$(libdir)/pkgconfig' '$(incdir)'
	install -m 755 $(BINS) '$(bindir)'
	install -m 644 $(B)/$(SONAME) '$(libdir)'
	ln -sf $(SONAME) '$(libdir)/libhandseal.so'
	install -m 644 $(PUBLIC) '$(incdir)'
	sed $(foreach v,PREFIX LIBDIR INCLUDEDIR VERSION,-e 's|@$(v)@|$($(v))|') \
		client/libhandseal/libhandseal.pc.in >'$(libdir)/pkgconfig/libhandseal.pc'
	install -m 755 $(HELPERS) '$(libexec)'
	$(foreach m,$(MANS),install -D -m 644 $(m) '$(mandir)/man$(subst .,,$(suffix $(m)))/$(notdir $(m))' &&) true
	install -m 644 $(DOCS) '$(docdir)'
# They name the programs by their paths.
install-units:
	install -d '$(unitdir)'
	$(foreach u,$(UNITS),sed 's|/usr/local/bin/|$(PREFIX)/bin/|' $(u) >'$(unitdir)/$(notdir $(u))' && \
		chmod 644 '$(unitdir)/$(notdir $(u))' &&) true
uninstall:
	cd '$(bindir)' && rm -f $(notdir $(BINS))
	cd '$(libexec)' && rm -f $(notdir $(HELPERS))
	rm -f '$(libdir)/libhandseal.so' '$(libdir)/$(SONAME)' '$(libdir)/pkgconfig/libhandseal.pc'
	cd '$(incdir)' && rm -f $(notdir $(PUBLIC))
	$(foreach m,$(MANS),rm -f '$(mandir)/man$(subst .,,$(suffix $(m)))/$(notdir $(m))' &&) true
	rm -f $(foreach u,$(UNITS),'$(unitdir)/$(notdir $(u))')
	rm -rf '$(docdir)'
# What a server gets, by hand (docs/SERVERS.md); `handseal server add` copies the same two.
SERVERBINS := $(filter %/handseal-verify,$(PROGRAMS))
SERVERHELP := $(filter %/handseal-shell,$(PROGRAMS))
SERVERMANS := $(filter %.8,$(filter %/handseal-verify.8 %/handseal-shell.8,$(MANS)))
install-server: $(SERVERBINS) $(SERVERHELP) check-server
	install -d '$(bindir)' '$(libexec)' '$(mandir)/man8'
	install -m 755 $(SERVERBINS) '$(bindir)'
	install -m 755 $(SERVERHELP) '$(libexec)'
	install -m 644 $(SERVERMANS) '$(mandir)/man8'
uninstall-server:
	cd '$(bindir)' && rm -f $(notdir $(SERVERBINS))
	cd '$(libexec)' && rm -f $(notdir $(SERVERHELP))
	cd '$(mandir)/man8' && rm -f $(notdir $(SERVERMANS))
# Of what they load no more than this may ever be there.
check-server: $(SERVERBINS) $(SERVERHELP)
	@for f in $^; do objdump -p $$f | sed -n 's/^ *NEEDED *//p' | \
		grep -v -E '^lib(c|crypto$(if $(SODIUM_A),,|sodium)$(if $(SAN),|asan|ubsan|lsan|m|gcc_s|stdc\+\+))\.so|^ld-linux' | \
		sed "s|^|$$f needs |" | grep . && exit 1; done; true

clean:
	rm -rf $(B) $(B)-asan $(B)-fuzz
