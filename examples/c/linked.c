// SPDX-License-Identifier: MPL-2.0
// A program that has the plugin linked in, as meson's pkg-config file says.
#include <gst/gst.h>
#include <stdio.h>

// ANCHOR: register
// In libgstmatte.a; there is no header for it.
void gst_plugin_matte_register(void);

int main(int argc, char **argv)
{
    gst_init(&argc, &argv);
    gst_plugin_matte_register();
    // From here on the elements are there as if a plugin file had been found.
    // ANCHOR_END: register
    const char *names[] = {"mattesegment", "matterefine", "mattecompose", "mattemix", "mattebackground"};

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        GstElement *element = gst_element_factory_make(names[i], NULL);
        if (!element) {
            fprintf(stderr, "no element %s in this program\n", names[i]);
            return 1;
        }
        gst_object_unref(gst_object_ref_sink(element));
    }
    puts("five elements without a plugin file");
    return 0;
}
