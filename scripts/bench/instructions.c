// SPDX-License-Identifier: MPL-2.0
//
// A plugin of qemu-user that counts the instructions of an emulated program and says so when it
// ends. What it needs of QEMU's plugin interface (version 1, docs/devel/tcg-plugins.rst) is declared
// here, as Debian has no package of the header.
//
//   gcc -O2 -shared -fPIC instructions.c -o libinstructions.so
//   qemu-aarch64 -cpu cortex-a53 -plugin ./libinstructions.so -d plugin -D counted PROGRAM
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef uint64_t plugin_id;
struct block;
enum { ADD_U64 = 0 };

extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*made)(plugin_id, struct block *));
extern size_t qemu_plugin_tb_n_insns(const struct block *block);
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct block *block, int op, void *counter, uint64_t by);
extern void qemu_plugin_register_atexit_cb(plugin_id id, void (*end)(plugin_id, void *), void *data);
extern void qemu_plugin_outs(const char *text);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

// Threads may add at the same time and lose a few; the pipelines that are counted have one that works.
static uint64_t instructions;

static void made(plugin_id id, struct block *block)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(block, ADD_U64, &instructions, qemu_plugin_tb_n_insns(block));
}

static void end(plugin_id id, void *data)
{
    char text[64];
    (void)id;
    (void)data;
    snprintf(text, sizeof text, "%" PRIu64 " instructions\n", instructions);
    qemu_plugin_outs(text);
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    (void)argc;
    (void)argv;
    qemu_plugin_register_vcpu_tb_trans_cb(id, made);
    qemu_plugin_register_atexit_cb(id, end, NULL);
    return 0;
}
