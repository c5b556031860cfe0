// SPDX-License-Identifier: MPL-2.0

// The command terraform-provider-sparkrtc serves the provider to Terraform or
// OpenTofu, which start it.
package main

import (
	"flag"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/provider"
)

// version is set by the linker when a release is built.
var version = "dev"

func main() {
	var debug bool
	flag.BoolVar(&debug, "debug", false, "wait for a debugger such as delve, and print how to attach Terraform")
	flag.Parse()

	if !debug { // started by hand, the CLI's variables are not here
		provider.SilenceUnwantedLogs(os.Getenv, os.Setenv)
	}
	var options []tf6server.ServeOpt
	if debug {
		options = append(options, tf6server.WithManagedDebug())
	}
	if err := tf6server.Serve("registry.terraform.io/sparkrtc/sparkrtc", provider.NewServer(version), options...); err != nil {
		log.Fatal(err)
	}
}
