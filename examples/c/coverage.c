/* SPDX-License-Identifier: MPL-2.0
 *
 * How much of each frame is a person, in C: reads the matte on the frames.
 *
 *   cc -o coverage coverage.c $(pkg-config --cflags --libs gstreamer-video-1.0)
 *   ./coverage FILE
 */
#include <gst/gst.h>
#include <gst/video/video.h>

/* ANCHOR: meta */
/* Share of the frame that the matte covers, 0 to 1; below 0 if the frame has no matte. */
static double
coverage (GstBuffer * buffer)
{
  GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, "MatteMeta");
  const GValue *value;
  GstSample *matte;
  GstVideoInfo info;
  GstVideoFrame frame;
  guint64 sum = 0;
  gint width, height, x, y;

  if (meta == NULL)
    return -1;
  value = gst_structure_get_value (gst_custom_meta_get_structure (meta), "matte");
  matte = gst_value_get_sample (value);
  /* A gray picture of the whole frame, in a size of its own: 0 is background, 255 person. */
  if (!gst_video_info_from_caps (&info, gst_sample_get_caps (matte)) ||
      !gst_video_frame_map (&frame, &info, gst_sample_get_buffer (matte), GST_MAP_READ))
    return -1;
  width = GST_VIDEO_FRAME_WIDTH (&frame);
  height = GST_VIDEO_FRAME_HEIGHT (&frame);
  for (y = 0; y < height; y++) {
    const guint8 *row = (const guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&frame, 0)
        + y * GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0);
    for (x = 0; x < width; x++)
      sum += row[x];
  }
  gst_video_frame_unmap (&frame);
  return sum / (255.0 * width * height);
}
/* ANCHOR_END: meta */

static GstPadProbeReturn
look (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);

  g_print ("%" GST_TIME_FORMAT " %.3f\n", GST_TIME_ARGS (GST_BUFFER_PTS (buffer)), coverage (buffer));
  return GST_PAD_PROBE_OK;
}

int
main (int argc, char **argv)
{
  GError *error = NULL;
  GstElement *pipeline, *source, *sink;
  GstPad *pad;
  GstBus *bus;
  GstMessage *message;
  int status = 0;

  gst_init (&argc, &argv);
  if (argc != 2) {
    g_printerr ("usage: coverage FILE\n");
    return 2;
  }
  pipeline = gst_parse_launch ("filesrc name=in ! decodebin ! queue ! mattesegment ! matterefine ! fakesink name=out",
      &error);
  if (pipeline == NULL) {
    g_printerr ("%s\n", error->message);
    g_clear_error (&error);
    return 1;
  }
  source = gst_bin_get_by_name (GST_BIN (pipeline), "in");
  g_object_set (source, "location", argv[1], NULL);
  gst_object_unref (source);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  pad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, look, NULL, NULL);
  gst_object_unref (pad);
  gst_object_unref (sink);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  bus = gst_element_get_bus (pipeline);
  message = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
    g_printerr ("%s\n", error->message);
    g_clear_error (&error);
    status = 1;
  }
  gst_message_unref (message);
  gst_object_unref (bus);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  return status;
}
