package main

import (
	sqlitenames "github.com/dapr/components-contrib/nameresolution/sqlite"
	"github.com/dapr/components-contrib/state/sqlite"
	"github.com/dapr/dapr/pkg/components/nameresolution"
	"github.com/dapr/dapr/pkg/components/state"
)

// The file that daprd's own components package would hold for these two.
func init() {
	state.DefaultRegistry.RegisterComponent(sqlite.NewSQLiteStateStore, "sqlite", "sqlite3")
	nameresolution.DefaultRegistry.RegisterComponent(sqlitenames.NewResolver, "sqlite")
}
