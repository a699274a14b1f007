################################################################################
#
# gst1-plugin-matte
#
################################################################################

GST1_PLUGIN_MATTE_VERSION = 0.1.0
GST1_PLUGIN_MATTE_SITE = $(call github,gst-plugin-matte,matte,v$(GST1_PLUGIN_MATTE_VERSION))
GST1_PLUGIN_MATTE_LICENSE = MPL-2.0
GST1_PLUGIN_MATTE_LICENSE_FILES = LICENSE
GST1_PLUGIN_MATTE_DEPENDENCIES = host-pkgconf gstreamer1 gst1-plugins-base

GST1_PLUGIN_MATTE_CARGO_BUILD_OPTS = --package gst-plugin-matte
GST1_PLUGIN_MATTE_CARGO_ENV = PKG_CONFIG_ALLOW_CROSS=1

# A plugin is no program: cargo install has nothing to put anywhere.
define GST1_PLUGIN_MATTE_INSTALL_TARGET_CMDS
	$(INSTALL) -D -m 0755 $(@D)/target/$(RUSTC_TARGET_NAME)/$(if $(BR2_ENABLE_DEBUG),debug,release)/libgstmatte.so \
		$(TARGET_DIR)/usr/lib/gstreamer-1.0/libgstmatte.so
endef

$(eval $(cargo-package))
