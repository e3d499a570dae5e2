#include "seal/read_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "merkle/inclusion.h"
#include "merkle/tiles.h"
#include "seal/entry.h"
#include "seal/log_plan.h"
#include "seal/sealed.h"

/* The log, one bundle of it at hand.  Nothing in it is believed before it is proved. */
struct search {
    struct sealed sealed;
    struct bundle bundle;
    int64_t bundle_index; /* −1: none at hand */
    int64_t next;         /* where the next entry probably is */
};

static enum status load_bundle(struct search *search, int64_t index)
{
    int64_t size = search->sealed.checkpoint.size;
    if (search->bundle_index == index)
        return STATUS_OK;
    if (search->bundle_index >= 0)
        bundle_clear(&search->bundle);
    search->bundle_index = -1;
    enum status status = bundle_load(search->sealed.log, index, tile_width(size, BUNDLE_LEVEL, index), &search->bundle);
    if (status == STATUS_OK)
        search->bundle_index = index;
    return status;
}

/* How the entry at `index` stands to the wanted one in the order of the log. */
static enum status compare_at(struct search *search, int64_t index, const struct entry *wanted, int *order)
{
    struct entry entry;
    enum status status = load_bundle(search, index / TILE_WIDTH);
    int k = (int)(index % TILE_WIDTH);
    if (status == STATUS_OK)
        status = entry_parse(search->bundle.entry[k], search->bundle.length[k], "the log", &entry);
    if (status == STATUS_OK) {
        *order = entry_compare(&entry, wanted);
        entry_clear(&entry);
    }
    return status;
}

/* *index is where the wanted entry is, or −1. */
static enum status find(struct search *search, const struct entry *wanted, int64_t *index)
{
    int64_t low = 0, high = search->sealed.checkpoint.size;
    int order = 1;
    enum status status = STATUS_OK;
    *index = search->next;
    if (search->next < high) /* blocks of a dataset follow each other */
        status = compare_at(search, search->next, wanted, &order);
    while (status == STATUS_OK && order != 0 && low < high) {
        *index = low + (high - low) / 2;
        status = compare_at(search, *index, wanted, &order);
        if (order < 0)
            low = *index + 1;
        else
            high = *index;
    }
    if (order != 0)
        *index = -1;
    search->next = *index + 1;
    return status;
}

/* Whether the entry at `index` is under the signed root. */
static enum status prove(struct search *search, int64_t index, bool *holds)
{
    const struct log_checkpoint *checkpoint = &search->sealed.checkpoint;
    struct tile_source source = {search->sealed.log, checkpoint->size};
    struct merkle_proof proof;
    struct hash leaf;
    int k = (int)(index % TILE_WIDTH);
    enum status status = inclusion_make(tile_node, &source, index, checkpoint->size, &proof);
    if (status != STATUS_OK)
        return status;
    merkle_leaf(search->bundle.entry[k], search->bundle.length[k], &leaf);
    *holds = inclusion_holds(&proof, &leaf, index, checkpoint->size, &checkpoint->root);
    return STATUS_OK;
}

/* Whether exactly this entry was sealed; DIFFERS otherwise. */
static enum status check_entry(struct search *search, const struct entry *wanted)
{
    struct text text, what;
    int64_t index = -1;
    bool is_same = false, holds = false;
    text_init(&text);
    text_init(&what);
    entry_describe(wanted, &what);
    enum status status = entry_write(wanted, &text);
    if (status == STATUS_OK)
        status = find(search, wanted, &index);
    if (status == STATUS_OK && index >= 0) {
        int k = (int)(index % TILE_WIDTH);
        is_same =
            search->bundle.length[k] == text.length && memcmp(search->bundle.entry[k], text.bytes, text.length) == 0;
        status = prove(search, index, &holds);
    }
    if (status != STATUS_OK)
        status = fail(DIFFERS, "the log of the run is damaged: %s; `assay verify` tells where", failure_sentence());
    else if (index >= 0 && !holds)
        status = fail(DIFFERS, "%s: its entry in the log is not under the signed root; `assay verify` tells more",
                      what.bytes);
    else if (index < 0)
        status = fail(DIFFERS, "%s: there was no such thing when the run was sealed", what.bytes);
    else if (!is_same)
        status = fail(DIFFERS, "%s: differs from what was sealed", what.bytes);
    text_clear(&what);
    text_clear(&text);
    return status;
}

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

static int compare_objects(const struct read_block *a, const struct read_block *b)
{
    int order = strcmp(a->path, b->path);
    return order != 0 ? order : strcmp(a->dataset->path, b->dataset->path);
}

static int compare_blocks(const void *a, const void *b)
{
    const struct read_block *left = a, *right = b;
    int order = compare_objects(left, right);
    if (order == 0)
        order = (left->row_first > right->row_first) - (left->row_first < right->row_first);
    if (order == 0)
        order = (left->n_row > right->n_row) - (left->n_row < right->n_row);
    return order != 0 ? order : memcmp(left->sha256, right->sha256, DIGEST_BYTES);
}

static enum status check_dataset(struct search *search, const struct read_block *block)
{
    char type[32];
    const struct dataset *shape = block->dataset;
    struct entry entry = {.kind = ENTRY_DATASET,
                          .path = block->path,
                          .object = shape->path,
                          .type = log_type(shape, type),
                          .n_dim = shape->n_dim,
                          .unit = shape->unit,
                          .text = shape->text};
    for (int i = 0; i < entry.n_dim; i++)
        entry.dims[i] = shape->dims[i];
    return check_entry(search, &entry);
}

static enum status check_block(struct search *search, const struct read_block *block)
{
    char type[32];
    struct entry entry = {.kind = ENTRY_CHUNK,
                          .path = block->path,
                          .object = block->dataset->path,
                          .type = log_type(block->dataset, type),
                          .row_first = block->row_first,
                          .n_row = block->n_row,
                          .bytes = block->bytes};
    memcpy(entry.sha256, block->sha256, DIGEST_BYTES);
    return check_entry(search, &entry);
}

static enum status check_blocks(struct search *search, struct read_block *blocks, int64_t n, struct read_report *report)
{
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < n && status == STATUS_OK; i++)
        if (i == 0 || compare_objects(&blocks[i - 1], &blocks[i]) != 0) {
            status = check_dataset(search, &blocks[i]);
            report->n_dataset++;
        }
    for (int64_t i = 0; i < n && status == STATUS_OK; i++)
        if (blocks[i].n_row > 0 && (i == 0 || compare_blocks(&blocks[i - 1], &blocks[i]) != 0)) {
            status = check_block(search, &blocks[i]);
            report->n_block++;
            report->n_byte += blocks[i].bytes;
        }
    return status;
}

static enum status check_key(const struct search *search, const char *run_directory, const char *vkey)
{
    struct verify_key key;
    struct log_checkpoint checkpoint;
    enum status status = verify_key_find(vkey, &key);
    if (status == STATUS_OK)
        status =
            checkpoint_verify(search->sealed.note.bytes, search->sealed.note.length, &key, run_directory, &checkpoint);
    return status;
}

enum status read_check(const char *run_directory, const char *vkey, struct read_block *blocks, int64_t n,
                       struct read_report *report)
{
    struct search search = {.bundle_index = -1};
    *report = (struct read_report){0};
    enum status status = sealed_open(run_directory, &search.sealed);
    if (status == STATUS_OK && vkey != NULL)
        status = check_key(&search, run_directory, vkey);
    if (status == STATUS_OK)
        status = sealed_root_load(run_directory, &report->root);
    if (status == STATUS_OK && n > 0)
        qsort(blocks, (size_t)n, sizeof *blocks, compare_blocks);
    if (status == STATUS_OK)
        status = check_blocks(&search, blocks, n, report);
    if (search.bundle_index >= 0)
        bundle_clear(&search.bundle);
    sealed_clear(&search.sealed);
    return status;
}
