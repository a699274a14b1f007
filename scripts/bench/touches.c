// SPDX-License-Identifier: MPL-2.0
//
// A plugin of qemu-user that counts how often an emulated program reads and writes each byte of the
// video frames that it got from a file, each by one `read` of as many bytes as a frame has. It prints
// a line when the program ends: frames, and of the parts before and after `luma` bytes, mean reads of
// a byte, share of bytes that are never read, mean writes and share that is never written.
// What it needs of QEMU's plugin interface (version 1, docs/devel/tcg-plugins.rst) is declared here,
// as Debian has no package of the header.
//
//   gcc -O2 -shared -fPIC touches.c -o libtouches.so
//   qemu-aarch64 -plugin ./libtouches.so,frame=460800,luma=307200 -d plugin -D counted PROGRAM
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
typedef uint32_t access;
struct block;
struct instruction;
enum { NO_REGISTERS = 0, READS_AND_WRITES = 3 };
// Number of the system call `read` on 64-bit Arm.
enum { READ = 63 };

extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*made)(plugin_id, struct block *));
extern size_t qemu_plugin_tb_n_insns(const struct block *block);
extern struct instruction *qemu_plugin_tb_get_insn(const struct block *block, size_t at);
extern void qemu_plugin_register_vcpu_mem_cb(struct instruction *instruction,
                                             void (*touched)(unsigned, access, uint64_t, void *), int registers,
                                             int kinds, void *data);
extern unsigned qemu_plugin_mem_size_shift(access kind);
extern _Bool qemu_plugin_mem_is_store(access kind);
extern void qemu_plugin_register_vcpu_syscall_cb(plugin_id id,
                                                 void (*called)(plugin_id, unsigned, int64_t, uint64_t, uint64_t,
                                                                uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                                                uint64_t));
extern void qemu_plugin_register_atexit_cb(plugin_id id, void (*end)(plugin_id, void *), void *data);
extern void qemu_plugin_outs(const char *text);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

static uint64_t size, luma;
// Where the newest frame lies; 0 before the first.
static uint64_t start;
static uint64_t frames;
// How often each byte of the newest frame was read and written.
static uint8_t *counts[2];

// Of all frames before the newest, of reads and writes, of luma and the rest.
static struct sum {
    uint64_t touches, untouched;
} sums[2][2];

static void finish_frame(void)
{
    for (int kind = 0; start && kind < 2; kind++) {
        for (uint64_t at = 0; at < size; at++) {
            struct sum *sum = &sums[kind][at >= luma];
            sum->touches += counts[kind][at];
            sum->untouched += counts[kind][at] == 0;
        }
        memset(counts[kind], 0, size);
    }
}

static void touched(unsigned cpu, access kind, uint64_t address, void *data)
{
    uint64_t end = address + (1u << qemu_plugin_mem_size_shift(kind));
    uint8_t *count = counts[qemu_plugin_mem_is_store(kind)];
    (void)cpu;
    (void)data;
    if (!start || address >= start + size || end <= start)
        return;
    for (; address < end; address++) {
        if (address >= start && address < start + size && count[address - start] < UINT8_MAX)
            count[address - start]++;
    }
}

static void called(plugin_id id, unsigned cpu, int64_t number, uint64_t file, uint64_t memory, uint64_t bytes,
                   uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8)
{
    (void)id, (void)cpu, (void)file, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
    if (number != READ || bytes != size)
        return;
    finish_frame();
    frames += start != 0;
    start = memory;
}

static void made(plugin_id id, struct block *block)
{
    (void)id;
    for (size_t at = 0; at < qemu_plugin_tb_n_insns(block); at++)
        qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(block, at), touched, NO_REGISTERS,
                                         READS_AND_WRITES, NULL);
}

static void end(plugin_id id, void *data)
{
    char text[256];
    (void)id;
    (void)data;
    if (!frames) {
        qemu_plugin_outs("0 frames\n");
        return;
    }
    int length = snprintf(text, sizeof text, "%" PRIu64 " frames", frames);
    for (int part = 0; part < 2; part++) {
        double bytes = (double)frames * (double)(part ? size - luma : luma);
        for (int kind = 0; kind < 2; kind++) {
            length += snprintf(text + length, sizeof text - (size_t)length, " %.3f %.3f",
                               (double)sums[kind][part].touches / bytes, (double)sums[kind][part].untouched / bytes);
        }
    }
    snprintf(text + length, sizeof text - (size_t)length, "\n");
    qemu_plugin_outs(text);
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int at = 0; at < argc; at++) {
        if (!strncmp(argv[at], "frame=", 6))
            size = strtoull(argv[at] + 6, NULL, 10);
        if (!strncmp(argv[at], "luma=", 5))
            luma = strtoull(argv[at] + 5, NULL, 10);
    }
    counts[0] = calloc(2, size);
    if (!size || luma >= size || !counts[0])
        return -1;
    counts[1] = counts[0] + size;
    qemu_plugin_register_vcpu_tb_trans_cb(id, made);
    qemu_plugin_register_vcpu_syscall_cb(id, called);
    qemu_plugin_register_atexit_cb(id, end, NULL);
    return 0;
}
