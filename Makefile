# make                      builds the library: target/release/libjackfield.so and .a
# make demo                 runs the examples against each other, and shows their output
# make examples             builds the programs of c-examples, into target/examples
# make test                 runs everything that a change must pass
# make test-pollers         tests the poller over poll(), which other systems than Linux use
# make fuzz                 fuzzes the parsers for FUZZ_SECONDS (300)
# make bench                measures round trips and jf_send_file against the C library; BENCH_FLAGS=--quick: 30 seconds
# make bench-udp            measures batches of datagrams against the C library; BENCH_FLAGS=--quick: 30 seconds
# make bench-poller         measures an echo server against other libraries; BENCH_FLAGS=--quick: 40 seconds
# make bench-instructions   counts the instructions per call, and per message through the poller, and checks the limits
# make install              installs into PREFIX (/usr/local), below DESTDIR; make uninstall removes the files
# make model                model-checks the handle table and the serialised updates with loom
# make header               regenerates include/jackfield.h and the table of docs/options.md, after a change of src/ffi

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

# Their run path is relative to their own folder.
.PHONY: examples
examples: lib
	@$(MAKE) --silent $(EXAMPLES)

target/examples/%: c-examples/%.c include/jackfield.h $(OUT)/libjackfield.so
	@mkdir -p $(@D)
	@$(CC) -std=c99 -Wall -Wextra -Wpedantic $(CFLAGS) -Iinclude $< -o $@.$$$$ -L$(OUT) -ljackfield \
		'-Wl,-rpath,$$ORIGIN/../release' && mv $@.$$$$ $@

# Hides the output of a successful build, so that only the demo's output is shown.
.PHONY: demo
demo:
	@scripts/setup demo
	@[ -e $(OUT)/libjackfield.so ] || echo 'Building the library. The first build takes about a minute.'
	@mkdir -p target
	@$(MAKE) --silent examples >target/demo.log 2>&1 || { cat target/demo.log >&2; exit 1; }
	@scripts/demo

# Builds with other flags (model checking, other pollers) have separate target folders, so that nothing is built twice.
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

POLL = JACKFIELD_POLLER=poll RUSTFLAGS='--cfg jackfield_poller="poll"' timeout 300 $(CARGO)
POLL_TESTS = test --features capi --target-dir target/poller-poll

.PHONY: test-pollers
test-pollers:
	@scripts/setup test
	$(POLL) clippy --lib --features capi --target-dir target/poller-poll -- -D warnings
	$(POLL) $(POLL_TESTS) --test rust_poller
	$(POLL) $(POLL_TESTS) --test poller accept_backoff
	$(POLL) $(POLL_TESTS) --test c_programs --test c_guarantees poller

.PHONY: model
model:
	RUSTFLAGS='--cfg loom' timeout 300 $(CARGO) test --release --features capi --lib --target-dir target/loom model

.PHONY: fuzz
fuzz:
	@CARGO='$(CARGO)' scripts/fuzz parsers $(FUZZ_SECONDS)

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

# For `make install`: builds only if the library is missing, since root may have no cargo.
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

# Benchmark programs, each built over jackfield and over the C library.
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
	@$(MAKE) --silent $(patsubst %,$(BENCH)/%,pingpong-jackfield pingpong-libc send_file-jackfield send_file-libc)
	@benches/pingpong $(BENCH_FLAGS)
	@$(if $(findstring --baseline,$(BENCH_FLAGS)),,benches/send_file $(filter --quick,$(BENCH_FLAGS)))

.PHONY: bench-udp
bench-udp: lib
	@$(MAKE) --silent $(BENCH)/udp-jackfield $(BENCH)/udp-libc
	@benches/udp $(BENCH_FLAGS)

.PHONY: bench-instructions
bench-instructions: lib
	@$(MAKE) --silent $(BENCH)/calls-jackfield $(BENCH)/calls-libc
	@benches/instructions $(BENCH_FLAGS)
	@$(MAKE) --no-print-directory bench-poller-instructions

# Echo servers over other libraries, and their load generators. The server over jackfield is an example, echo_many.
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

LOAD_HEADERS = benches/echo/client.h benches/echo/common.h benches/check.h

$(BENCH)/load $(BENCH)/burst: $(BENCH)/%: benches/echo/%.c $(LOAD_HEADERS)
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
