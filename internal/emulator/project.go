// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"net/http"
	"net/url"
)

// Project is a project in IAM. The default project of a region has its name.
type Project struct {
	ID, Name string
}

type (
	projectsResponse struct {
		Projects []projectJSON `json:"projects"`
		Links    struct{}      `json:"links"`
	}

	projectJSON struct {
		ID       string `json:"id"`
		Name     string `json:"name"`
		DomainID string `json:"domain_id"`
		Enabled  bool   `json:"enabled"`
	}
)

func (o *Options) projects() []Project {
	if o.Projects == nil {
		return []Project{{ID: o.ProjectID, Name: DefaultProjectName}}
	}
	return o.Projects
}

func (s *Server) listProjects(c *call) *response {
	query, err := url.ParseQuery(c.query)
	if err != nil {
		return iamError(http.StatusBadRequest, "The query is invalid.")
	}
	resp := projectsResponse{Projects: []projectJSON{}}
	for _, p := range s.opts.projects() {
		if !query.Has("name") || query.Get("name") == p.Name {
			resp.Projects = append(resp.Projects, projectJSON{
				ID: p.ID, Name: p.Name, DomainID: s.opts.DomainID, Enabled: true,
			})
		}
	}
	return ok(resp)
}
