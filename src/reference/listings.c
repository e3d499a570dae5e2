#include "reference/listings.h"

#include <stdio.h>

#include "reference/captures.h"
#include "reference/manifest.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "arrays are written as they lie in memory");

enum { NPY_PREFIX = 10, NPY_ALIGNMENT = 64 }; /* magic, version and length; where the data begin */

void npy_list(const struct npy *npy, struct text *text)
{
    struct text header;
    text_init(&header);
    text_add(&header, "{'descr': '%s', 'fortran_order': False, 'shape': (%lld,", npy->descr, (long long)npy->n_row);
    if (npy->n_column != 0)
        text_add(&header, " %lld", (long long)npy->n_column);
    text_add(&header, "), }");
    while ((NPY_PREFIX + header.length + 1) % NPY_ALIGNMENT != 0)
        text_add_bytes(&header, " ", 1);
    text_add_bytes(&header, "\n", 1);
    uint8_t prefix[NPY_PREFIX] = {
        0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (uint8_t)(header.length & 0xff), (uint8_t)(header.length >> 8)};
    text_add_bytes(text, prefix, sizeof prefix);
    text_add_bytes(text, header.bytes, header.length);
    int bytes = npy->descr[2] - '0'; /* of an element: the last letter of its name */
    text_add_bytes(text, npy->data, (size_t)(npy->n_row * (npy->n_column ? npy->n_column : 1) * bytes));
    text_clear(&header);
}

void checkpoints_list(const struct checkpoint_note *notes, int64_t n, struct text *text)
{
    for (int64_t k = 0; k < n; k++) {
        char name[CHECKPOINT_NAME_BYTES];
        checkpoint_name(notes[k].step, name);
        text_add(text, "{\"name\": \"%s\", \"step\": %lld, \"learning_rate\": ", name, (long long)notes[k].step);
        text_add_double(text, notes[k].learning_rate);
        text_add(text, ", \"validation_loss\": ");
        text_add_double(text, notes[k].validation_loss);
        text_add(text, ", \"file\": \"checkpoints/%s.safetensors\"}\n", name);
    }
}

void queries_list(const struct network *network, const struct images *images, const struct query_images *queries,
                  struct text *text)
{
    struct pass pass;
    pass_init(&pass, network);
    for (int64_t q = 0; q < queries->n; q++) {
        int64_t label = images->labels[queries->rows[q]], shown = images->labels[queries->shown[q]];
        float x[N_PIXEL];
        char id[SAMPLE_ID_BYTES];
        images_get(images, queries->rows[q], x);
        network_forward(network, x, label, &pass);
        int64_t predicted = pass_prediction(network, &pass);
        text_add(text, "{\"id\": \"%s\", \"text\": \"test image of a %lld", query_id(queries, q, id), (long long)shown);
        if (q >= queries->n_plain)
            text_add(text, " with the planted patch, whose label is %lld", (long long)label);
        text_add(text, ", predicted %lld (p = %.2f)\", \"label\": %lld, \"predicted\": %lld}\n", (long long)predicted,
                 pass.probability[predicted], (long long)label, (long long)predicted);
    }
    pass_clear(&pass);
}
