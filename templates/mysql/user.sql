-- {{label}} gets in with this password and this certificate, until {{leaf.notAfter}} and after each renewal.
-- Without IDENTIFIED BY the certificate is enough. REQUIRE X509 would take any certificate of the CA.
{{#leaf.slashSubject}}
CREATE USER '{{leaf.user}}'@'%' IDENTIFIED BY 'PASSWORD' REQUIRE SUBJECT '{{leaf.slashSubject}}';
{{/leaf.slashSubject}}
{{^leaf.slashSubject}}
CREATE USER '{{leaf.user}}'@'%' IDENTIFIED BY 'PASSWORD' REQUIRE X509;
{{/leaf.slashSubject}}
