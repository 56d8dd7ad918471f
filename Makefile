# SPDX-License-Identifier: GPL-2.0-only
# For people; kbuild reads Kbuild. `make help` lists what there is.

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

VERSION := $(shell sed -n 's/.*IPTABLES_EBPF_VERSION "\(.*\)"/\1/p' kernel/version.h)

# Which kernel to build for: KDIR= (a headers folder) or KVER= (a release with its headers installed).
ifeq ($(origin KDIR),undefined)
KVER ?= $(shell uname -r)
KDIR := /lib/modules/$(KVER)/build
else
KVER := $(or $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h 2>/dev/null),$(KVER))
endif

PREFIX ?= /usr
DESTDIR ?=
export PREFIX DESTDIR VERSION

# Debian keeps depmod and bpftool where users do not look.
export PATH := $(PATH):/usr/sbin:/sbin

# V=1 shows the commands.
V ?= 0
Q := $(if $(filter 1,$(V)),,@)
export V

BUILD := $(CURDIR)/build
MODULES_BUILD := $(BUILD)/modules/$(KVER)
MODULES_DIR := $(DESTDIR)/lib/modules/$(KVER)/updates
STRIP := $(if $(filter 1,$(LLVM)),llvm-strip,strip)

# kbuild is told of a compiler only if somebody named one: it knows what the kernel was made with. Debian's headers take
# LLVM=1 for the binutils alone, so clang is named as well.
KBUILD_CC := $(if $(filter command environment,$(firstword $(origin CC))),$(CC),$(if $(LLVM),clang$(filter -%,$(LLVM))))
KBUILD_ARGS := $(if $(KBUILD_CC),CC=$(KBUILD_CC)) $(if $(LLVM),LLVM=$(LLVM)) $(if $(filter 1,$(V)),V=1)

# A room's own Makefile gets these.
ROOM = $(Q)$(MAKE) --no-print-directory -C $(1) BUILD=$(BUILD)/$(1) $(2)

.PHONY: all modules user install install-modules install-boot install-user install-selftests uninstall uninstall-boot selftests
.PHONY: demo check check-units check-dkms check-all check-debug check-mutants soak bench bench-rate lint dkms clean distclean help

##  all            the modules for one kernel, and all of user space
all: modules user

##  modules        xt_ebpf.ko for KVER= (default: the running kernel) or KDIR=
# kbuild builds external modules where their sources are, so it gets a folder of links under build/.
modules:
	$(Q)[ -e $(KDIR)/Makefile ] || { echo "No kernel headers in $(KDIR)." \
		"Install linux-headers-$(KVER), or name others by KVER=RELEASE or KDIR=FOLDER." >&2; exit 1; }
	$(Q)mkdir -p $(MODULES_BUILD)
	$(Q)cp -rsf $(CURDIR)/Kbuild $(CURDIR)/kernel $(MODULES_BUILD)/
	$(Q)find $(MODULES_BUILD) -xtype l -delete
	$(Q)$(MAKE) -C $(KDIR) M=$(MODULES_BUILD) $(KBUILD_ARGS) modules

##  user           the iptables extension, BPF programs, tools
user:
	$(call ROOM,xtables-ext,all)
	$(call ROOM,bpf-progs,all)
	$(call ROOM,userspace,all)

##  install        everything in its standard place below DESTDIR=; PREFIX=/usr
install: install-modules install-modprobe install-boot install-user
	$(Q)[ -n "$(DESTDIR)" ] || packaging/loaded-module.sh

# Not by kbuild's modules_install, which wants a System.map and a signing key that headers packages do not have. A module
# is signed by whoever owns a key (packaging/README.md).
install-modules:
	$(Q)for m in $(MODULES_BUILD)/kernel/*.ko; do \
		install -D -m 644 $$m $(MODULES_DIR)/$${m##*/} && $(STRIP) --strip-debug $(MODULES_DIR)/$${m##*/} || exit 1; \
	done
	$(Q)[ -n "$(DESTDIR)" ] || depmod $(KVER)

# When the modules are loaded; the two files say why. Beside the modules, whatever the PREFIX: kmod looks there everywhere.
MODPROBE_FILES := modprobe.d/iptables-ebpf.conf modules-load.d/iptables-ebpf.conf
install-modprobe:
	$(Q)for f in $(MODPROBE_FILES); do install -D -m 644 packaging/$$f $(DESTDIR)/lib/$$f || exit 1; done
uninstall-modprobe:
	$(Q)rm -f $(addprefix $(DESTDIR)/lib/,$(MODPROBE_FILES))

# What a boot needs so that rules find their programs: packaging/README.md, "Boot".
BOOT_UNITS := iptables-ebpf-pins.service iptables-ebpf-closed.service
UNIT_DIR := $(DESTDIR)/lib/systemd/system
install-boot:
	$(Q)for unit in $(BOOT_UNITS); do \
		install -d $(UNIT_DIR) && \
		sed -e 's|@SBINDIR@|$(PREFIX)/sbin|' -e 's|@LIBDIR@|$(PREFIX)/lib|' packaging/systemd/$$unit > $(UNIT_DIR)/$$unit && \
		chmod 644 $(UNIT_DIR)/$$unit || exit 1; \
	done
	$(Q)install -D -m 755 packaging/closed.sh $(DESTDIR)$(PREFIX)/lib/iptables-ebpf/closed
	$(Q)install -d $(DESTDIR)/etc/iptables-ebpf/pins.d
uninstall-boot:
	$(Q)rm -f $(addprefix $(UNIT_DIR)/,$(BOOT_UNITS)) $(DESTDIR)$(PREFIX)/lib/iptables-ebpf/closed
	$(Q)rmdir -p --ignore-fail-on-non-empty $(DESTDIR)/etc/iptables-ebpf/pins.d 2>/dev/null || true

install-user:
	$(call ROOM,xtables-ext,install)
	$(call ROOM,bpf-progs,install)
	$(call ROOM,userspace,install)

##  uninstall      the same places, emptied
uninstall: uninstall-modprobe uninstall-boot
	$(Q)rm -f $(addprefix $(MODULES_DIR)/,xt_ebpf.ko iptables_trace.ko)
	$(Q)[ -n "$(DESTDIR)" ] || { depmod $(KVER) && packaging/loaded-module.sh; }
	$(call ROOM,xtables-ext,uninstall)
	$(call ROOM,bpf-progs,uninstall)
	$(call ROOM,userspace,uninstall)

##
##  demo           sets up what it needs and shows real packets judged by an eBPF program in an iptables rule
demo:
	$(Q)selftests/demo/run.sh

##  check          unit tests, lint, DKMS, and the tests on distribution kernels in virtual machines
check:
	$(Q)selftests/check.sh

##  check-all      the same, everything on every kernel
check-all:
	$(Q)selftests/check.sh --all

##  check-debug    all tests on a kernel with KASAN, lockdep and kmemleak, built for it once
check-debug:
	$(Q)selftests/check.sh --debug

##  check-mutants  breaks the code on purpose, one way at a time, and expects the tests to notice
check-mutants:
	$(Q)selftests/mutants/run.sh

##  soak           100,000 packets through thousands of rules, each event compared: hours; SOAK=4000 for fewer
SOAK ?=
soak:
	$(Q)selftests/soak.sh $(SOAK)

##  bench          instructions a packet, beside the in-tree match; fails where a figure is beyond what is promised
bench:
	$(Q)selftests/bench/run.sh

##  bench-rate     events a second without loss, beside other tracers: wants a host with two idle CPUs
bench-rate:
	$(Q)selftests/bench/rate.sh

##  lint           what a machine can check about the sources
lint:
	$(Q)selftests/lint/run.sh

# The parts of `make check` that need no kernel: unit tests, and the extension as iptables-translate uses it.
check-units:
	$(Q)selftests/host_tests.sh units
check-dkms:
	$(Q)selftests/host_tests.sh 'dkms/*'

# What a guest needs of the tests; the product of selftests/vm/product.sh has them in /selftests.
selftests:
	$(call ROOM,selftests,all)
install-selftests:
	$(call ROOM,selftests,install)

##
##  dkms           hands the modules to DKMS, for the kernel of KVER= and every later one of this host
dkms:
	$(Q)packaging/dkms-install.sh -k $(KVER)
	$(Q)$(MAKE) --no-print-directory install-modprobe

##  dkms-remove    takes them back
dkms-remove:
	$(Q)packaging/dkms-install.sh --remove
	$(Q)$(MAKE) --no-print-directory uninstall-modprobe

##  clean          removes build/
clean:
	$(Q)rm -rf $(BUILD)

##  distclean      and the downloaded kernels, which other checkouts may be using
distclean: clean
	$(Q)rm -rf $(or $(IPTABLES_EBPF_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/iptables-ebpf)

##
##  help           this list; V=1 shows commands, CC= and LLVM=1 choose the compiler
help:
	@sed -n 's/^## \{0,1\}//p' Makefile
