#include <string.h>

#include "base/memory.h"
#include "merkle/range.h"
#include "merkle/tiles.h"
#include "seal/audit_parts.h"

/* Where findings about higher tiles come in the order: after all groups. */
static int64_t place_of(int level, int64_t index)
{
    return ((int64_t)level << 48) + index;
}

static void blame(struct findings *findings, int64_t size, int level, int64_t index, const char *why)
{
    struct text name;
    text_init(&name);
    text_add(&name, "seal/");
    tile_path(level, index, tile_width(size, level, index), &name);
    findings_add(findings, FOUND_LOG, level <= 0 ? 2 * index + (level == 0) : place_of(level, index), "%s: %s",
                 name.bytes, why);
    text_clear(&name);
}

/* The hash one level up of a full group, if its tile can be read. */
struct parents {
    const char *log;
    int64_t size, tile; /* the tile that `hashes` has; -1: none */
    bool is_there;
    struct hash hashes[TILE_WIDTH];
};

static const struct hash *parent_of(struct parents *parents, int level, int64_t index)
{
    int64_t tile = index / TILE_WIDTH;
    if (tile != parents->tile) {
        int width = tile_width(parents->size, level, tile);
        parents->tile = tile;
        parents->is_there = tile_load(parents->log, level, tile, width, parents->hashes) == STATUS_OK;
    }
    return parents->is_there ? &parents->hashes[index % TILE_WIDTH] : NULL;
}

/* The hash of a group that most witnesses agree on; NULL if no two do. */
static const struct hash *majority(const struct witness *witness, const struct hash *parent)
{
    const struct hash *bundle = witness->has_bundle ? &witness->bundle : NULL;
    const struct hash *tile = witness->has_tile ? &witness->tile : NULL;
    if (bundle != NULL && tile != NULL && hash_equal(bundle, tile))
        return bundle;
    if (bundle != NULL && parent != NULL && hash_equal(bundle, parent))
        return bundle;
    if (tile != NULL && parent != NULL && hash_equal(tile, parent))
        return tile;
    return NULL;
}

/* The root of a log from the hashes of its groups, the last of which may be a partial one. */
static void root_of_groups(const struct hash *groups, int64_t size, struct hash *root)
{
    int64_t n_full = size / TILE_WIDTH;
    struct range range;
    range_init(&range, 0);
    for (int64_t g = 0; g < n_full; g++)
        range_add(&range, TILE_HEIGHT, &groups[g]);
    if (size % TILE_WIDTH == 0) {
        range_root(&range, root);
        return;
    }
    *root = groups[n_full];
    for (int i = range.n - 1; i >= 0; i--)
        merkle_node(&range.node[i], root, root);
}

/* Sets the hash of each group; one without a majority gets its bundle or its tile, as `believe_bundles` says, where
 * that is there, else the other, else what the level above says. */
static void choose(const char *log, int64_t size, const struct witness *witnesses, bool believe_bundles,
                   struct hash *groups)
{
    struct parents *parents = memory_allocate(1, sizeof *parents);
    *parents = (struct parents){.log = log, .size = size, .tile = -1};
    for (int64_t g = 0; g < tile_count(size, 0); g++) {
        const struct witness *witness = &witnesses[g];
        const struct hash *parent = (g + 1) * TILE_WIDTH <= size ? parent_of(parents, 1, g) : NULL;
        const struct hash *chosen = majority(witness, parent);
        bool bundle = witness->has_bundle && (believe_bundles || !witness->has_tile);
        if (chosen == NULL && (witness->has_bundle || witness->has_tile))
            chosen = bundle ? &witness->bundle : &witness->tile;
        if (chosen == NULL)
            chosen = parent;
        if (chosen != NULL)
            groups[g] = *chosen;
    }
    memory_free(parents);
}

/* Every higher tile against the hashes of the groups below, which are right. */
static void judge_tiles_above(const char *log, int64_t size, const struct hash *groups, struct findings *findings)
{
    int64_t n = size / TILE_WIDTH;
    struct hash *level_hashes = memory_allocate(n, sizeof *level_hashes), found[TILE_WIDTH];
    memcpy(level_hashes, groups, (size_t)n * sizeof *groups);
    for (int level = 1; n > 0; level++, n /= TILE_WIDTH) {
        for (int64_t t = 0; t < tile_count(size, level); t++) {
            int width = tile_width(size, level, t);
            const struct hash *expected = level_hashes + t * TILE_WIDTH;
            if (tile_load(log, level, t, width, found) != STATUS_OK)
                blame(findings, size, level, t, "the tile is missing or has another size");
            else if (memcmp(found, expected, (size_t)width * sizeof *found) != 0)
                blame(findings, size, level, t, "the hashes of the tile differ from those of the signed log");
        }
        for (int64_t i = 0; i < n / TILE_WIDTH; i++)
            merkle_root(level_hashes + i * TILE_WIDTH, TILE_WIDTH, &level_hashes[i]);
    }
    memory_free(level_hashes);
}

static void judge_groups(int64_t size, const struct hash *groups, struct witness *witnesses, struct findings *findings)
{
    for (int64_t g = 0; g < tile_count(size, 0); g++) {
        struct witness *witness = &witnesses[g];
        witness->bundle_is_right = witness->has_bundle && hash_equal(&witness->bundle, &groups[g]);
        if (witness->has_bundle && !witness->bundle_is_right)
            blame(findings, size, BUNDLE_LEVEL, g, "the entries differ from those of the signed log");
        if (witness->has_tile && !hash_equal(&witness->tile, &groups[g]))
            blame(findings, size, 0, g, "the hashes of the tile differ from those of the signed log");
    }
}

/* Nothing leads to the root: all that can be said is which files contradict each other. */
static void tell_contradictions(int64_t size, const struct hash *root, const struct hash *groups,
                                struct witness *witnesses, struct findings *findings)
{
    struct hash found;
    struct text expected, computed;
    root_of_groups(groups, size, &found);
    text_init(&expected);
    text_init(&computed);
    base64_encode(&expected, root->bytes, DIGEST_BYTES);
    base64_encode(&computed, found.bytes, DIGEST_BYTES);
    findings_add(
        findings, FOUND_LOG, -1,
        "seal/tile: the %lld entries on disk have the root %s, signed was %s: this is another log than the one "
        "that was signed",
        (long long)size, computed.bytes, expected.bytes);
    for (int64_t g = 0; g < tile_count(size, 0); g++) {
        struct witness *witness = &witnesses[g];
        witness->bundle_is_right = witness->has_bundle; /* worth reading: it may say what was changed */
        if (!witness->has_bundle || !witness->has_tile || hash_equal(&witness->bundle, &witness->tile))
            continue;
        blame(findings, size, BUNDLE_LEVEL, g, "the entries and the tile of their hashes contradict each other");
    }
    text_clear(&expected);
    text_clear(&computed);
}

bool audit_judge(const char *log, int64_t size, const struct hash *root, struct witness *witnesses,
                 struct findings *findings)
{
    struct hash *groups = memory_allocate(tile_count(size, 0), sizeof *groups), found;
    bool has_root = false;
    for (int believe_bundles = 1; believe_bundles >= 0 && !has_root; believe_bundles--) {
        choose(log, size, witnesses, believe_bundles, groups);
        root_of_groups(groups, size, &found);
        has_root = hash_equal(&found, root);
    }
    if (has_root) {
        judge_groups(size, groups, witnesses, findings);
        judge_tiles_above(log, size, groups, findings);
    } else {
        tell_contradictions(size, root, groups, witnesses, findings);
    }
    memory_free(groups);
    return has_root;
}
