// Says which sidecar hosts which actor. Built from our module so that its version is daprd's.
package main

import "github.com/dapr/dapr/cmd/placement/app"

func main() { app.Run() }
