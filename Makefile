# make            the library: target/release/libjackfield.so and .a
# make demo       two programs and a script hold a conversation through it
# make test       everything a change must pass
# make bench      how fast it is, beside the C library
# make install    into PREFIX (/usr/local), below DESTDIR

CARGO ?= cargo
CC ?= cc
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
OUT = target/release
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
MAJOR := $(firstword $(subst ., ,$(VERSION)))

.PHONY: lib
lib:
	$(CARGO) rustc --release --lib --features capi --crate-type cdylib,staticlib
	ln -sf libjackfield.so $(OUT)/libjackfield.so.$(MAJOR)
	scripts/archive $(OUT)/libjackfield.a abi/symbols.txt

.PHONY: test
test: lib
	cargo fmt --check
	cargo clippy --all-targets --features capi -- -D warnings
	cargo test --features capi
