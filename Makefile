# make            the library: target/release/libjackfield.so and .a
# make demo       two programs and a script hold a conversation through it
# make examples   the programs of c-examples, into target/examples
# make test       everything a change must pass
# make test-pollers   the poller's tests, over the ways of waiting that other systems have
# make fuzz       feeds what reads texts with what a fuzzer makes up, for FUZZ_SECONDS (300)
# make bench      how fast it is, beside the C library; BENCH_FLAGS=--quick takes half a minute
# make bench-udp   the same of datagrams in batches
# make bench-poller   how fast an echo server over the poller is, beside others; BENCH_FLAGS=--quick takes half a minute
# make bench-instructions   how many instructions a call takes, and a message through the poller, held to limits
# make install    into PREFIX (/usr/local), below DESTDIR; make uninstall takes it out again
# make model      the steps of the handle table, and of who makes a change, in every order
# make header     regenerates include/jackfield.h and the table of docs/options.md after a change of src/ffi

CARGO ?= cargo
CC ?= cc
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
FUZZ_SECONDS ?= 300
OUT = target/release
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
MAJOR := $(firstword $(subst ., ,$(VERSION)))
EXAMPLES := $(patsubst c-examples/%.c,target/examples/%,$(wildcard c-examples/*.c))

.PHONY: lib
lib:
	@CARGO='$(CARGO)' scripts/library

# The programs of c-examples. They find the library beside their own folder.
.PHONY: examples
examples: lib
	@$(MAKE) --silent $(EXAMPLES)

target/examples/%: c-examples/%.c include/jackfield.h $(OUT)/libjackfield.so
	@mkdir -p $(@D)
	@$(CC) -std=c99 -Wall -Wextra -Wpedantic $(CFLAGS) -Iinclude $< -o $@.$$$$ -L$(OUT) -ljackfield \
		'-Wl,-rpath,$$ORIGIN/../release' && mv $@.$$$$ $@

# Only the conversation is to be read here; what the build says is shown when it fails.
.PHONY: demo
demo:
	@scripts/setup demo
	@[ -e $(OUT)/libjackfield.so ] || echo 'Building the library, which takes a minute the first time.'
	@mkdir -p target
	@$(MAKE) --silent examples >target/demo.log 2>&1 || { cat target/demo.log >&2; exit 1; }
	@scripts/demo

# The library's copies for model checking and documentation have folders of their own, so that none is built twice.
.PHONY: test
test:
	@scripts/setup test
	@$(MAKE) --no-print-directory lib
	timeout 60 $(CARGO) fmt --check
	timeout 60 $(CARGO) fmt --check --manifest-path fuzz/Cargo.toml
	timeout 60 $(CARGO) fmt --check --manifest-path benches/mio/Cargo.toml
	timeout 300 $(CARGO) clippy --all-targets --features capi -- -D warnings
	timeout 300 $(CARGO) clippy --lib -- -D warnings
	RUSTDOCFLAGS='-D warnings' timeout 300 $(CARGO) doc --no-deps
	timeout 900 $(CARGO) test --features capi
	@$(MAKE) --no-print-directory test-pollers
	@$(MAKE) --no-print-directory model
	@timeout 300 $(MAKE) --no-print-directory fuzz FUZZ_SECONDS=20
	@$(MAKE) --no-print-directory bench-instructions
	@$(MAKE) --no-print-directory bench BENCH_FLAGS=--quick
	@$(MAKE) --no-print-directory bench-udp BENCH_FLAGS=--quick
	@$(MAKE) --no-print-directory bench-poller BENCH_FLAGS=--quick

# The poller's tests, over poll.
POLL = JACKFIELD_POLLER=poll RUSTFLAGS='--cfg jackfield_poller="poll"' timeout 300 $(CARGO)
POLL_TESTS = test --features capi --target-dir target/poller-poll

.PHONY: test-pollers
test-pollers:
	@scripts/setup test
	$(POLL) clippy --lib --features capi --target-dir target/poller-poll -- -D warnings
	$(POLL) $(POLL_TESTS) --test rust_poller
	$(POLL) $(POLL_TESTS) --test poller listeners_rest
	$(POLL) $(POLL_TESTS) --test c_programs --test c_promises poller

# The steps of the handle table and of sys/turn.rs in every order.
.PHONY: model
model:
	RUSTFLAGS='--cfg loom' timeout 300 $(CARGO) test --release --features capi --lib --target-dir target/loom model

# A crate of its own, in the folder fuzz.
.PHONY: fuzz
fuzz:
	@CARGO='$(CARGO)' scripts/fuzz texts $(FUZZ_SECONDS)

# The build script generates the header and the table of options; cargo reports where. The results are complete before
# they replace the checked-in files, so a failed build changes nothing.
.PHONY: header
header:
	@mkdir -p target
	@$(CARGO) check --quiet --lib --features capi --message-format json >target/header.json
	@cp "$$(sed -n 's/.*"JACKFIELD_HEADER","\([^"]*\)".*/\1/p' target/header.json)" include/jackfield.h
	@sed -e '/^<!-- begin: /,/^<!-- end/{/^<!--/!d;}' \
		-e "/^<!-- begin: /r $$(sed -n 's/.*"JACKFIELD_OPTIONS","\([^"]*\)".*/\1/p' target/header.json)" \
		docs/options.md >target/options.md
	@cp target/options.md docs/options.md

# Installs what `make` has built. It builds only when there is nothing, since root may have no cargo.
$(OUT)/libjackfield.so:
	@$(MAKE) --no-print-directory lib

.PHONY: install
install: $(OUT)/libjackfield.so
	install -d '$(DESTDIR)$(LIBDIR)/pkgconfig' '$(DESTDIR)$(INCLUDEDIR)'
	install -m 755 $(OUT)/libjackfield.so '$(DESTDIR)$(LIBDIR)/libjackfield.so.$(VERSION)'
	ln -sf libjackfield.so.$(VERSION) '$(DESTDIR)$(LIBDIR)/libjackfield.so.$(MAJOR)'
	ln -sf libjackfield.so.$(MAJOR) '$(DESTDIR)$(LIBDIR)/libjackfield.so'
	install -m 644 $(OUT)/libjackfield.a '$(DESTDIR)$(LIBDIR)/libjackfield.a'
	install -m 644 include/jackfield.h '$(DESTDIR)$(INCLUDEDIR)/jackfield.h'
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
		-e 's|@VERSION@|$(VERSION)|' -e "s|@LIBS_PRIVATE@|$$(cat target/cabi/native-static-libs)|" \
		jackfield.pc.in >'$(DESTDIR)$(LIBDIR)/pkgconfig/jackfield.pc'
	chmod 644 '$(DESTDIR)$(LIBDIR)/pkgconfig/jackfield.pc'

.PHONY: uninstall
uninstall:
	rm -f '$(DESTDIR)$(LIBDIR)/libjackfield.so.$(VERSION)' '$(DESTDIR)$(LIBDIR)/libjackfield.so.$(MAJOR)' \
		'$(DESTDIR)$(LIBDIR)/libjackfield.so' '$(DESTDIR)$(LIBDIR)/libjackfield.a' \
		'$(DESTDIR)$(LIBDIR)/pkgconfig/jackfield.pc' '$(DESTDIR)$(INCLUDEDIR)/jackfield.h'

# The benchmarks' programs, each over jackfield and over the C library.
BENCH = target/bench
BENCH_CC = $(CC) -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -pthread

$(BENCH)/%-jackfield: benches/%.c $(wildcard benches/*.h) $(OUT)/libjackfield.so
	@mkdir -p $(@D)
	@$(BENCH_CC) -DJACKFIELD -Iinclude $< -o $@ -L$(OUT) -ljackfield '-Wl,-rpath,$$ORIGIN/../release'

$(BENCH)/%-libc: benches/%.c $(wildcard benches/*.h)
	@mkdir -p $(@D)
	@$(BENCH_CC) $< -o $@

.PHONY: bench
bench: lib
	@$(MAKE) --silent $(BENCH)/pingpong-jackfield $(BENCH)/pingpong-libc $(BENCH)/send_file-jackfield $(BENCH)/send_file-libc
	@benches/pingpong $(BENCH_FLAGS)
	@benches/send_file $(filter --quick,$(BENCH_FLAGS))

.PHONY: bench-udp
bench-udp: lib
	@$(MAKE) --silent $(BENCH)/udp-jackfield $(BENCH)/udp-libc
	@benches/udp $(BENCH_FLAGS)

.PHONY: bench-instructions
bench-instructions: lib
	@$(MAKE) --silent $(BENCH)/calls-jackfield $(BENCH)/calls-libc
	@benches/instructions $(BENCH_FLAGS)
	@$(MAKE) --no-print-directory bench-poller-instructions

# Echo servers, each over the poller of another library; the one over jackfield is an example. What loads them, beside.
CXX ?= c++

$(BENCH)/echo-%: benches/echo/%.c benches/echo/common.h benches/check.h
	@mkdir -p $(@D)
	@$(BENCH_CC) $< -o $@ $(ECHO_PACKAGE:%=`pkg-config --cflags --libs %`)

$(BENCH)/echo-libuv: ECHO_PACKAGE = libuv
$(BENCH)/echo-libevent: ECHO_PACKAGE = libevent_core

$(BENCH)/echo-asio: benches/echo/asio.cpp
	@mkdir -p $(@D)
	@$(CXX) -std=c++17 -O2 -Wall -Wextra -Werror -pthread $< -o $@

$(BENCH)/echo-mio: benches/mio/src/main.rs benches/mio/Cargo.lock
	@mkdir -p $(@D)
	@$(CARGO) build --quiet --release --locked --manifest-path benches/mio/Cargo.toml --target-dir target/mio
	@cp target/mio/release/mio $@

$(BENCH)/load $(BENCH)/burst: $(BENCH)/%: benches/echo/%.c benches/echo/client.h benches/echo/common.h benches/check.h
	@mkdir -p $(@D)
	@$(BENCH_CC) $< -o $@

.PHONY: bench-poller
bench-poller: examples
	@scripts/setup bench
	@$(MAKE) --silent $(BENCH)/load $(patsubst %,$(BENCH)/echo-%,epoll libuv libevent asio mio)
	@benches/poller $(BENCH_FLAGS)

.PHONY: bench-poller-instructions
bench-poller-instructions: examples
	@$(MAKE) --silent $(BENCH)/burst $(BENCH)/echo-epoll
	@benches/poller_instructions
