#pragma once

// Nothing to call: a program that is linked with this room starts with it. See Startup.c.
